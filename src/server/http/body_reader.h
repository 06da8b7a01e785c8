#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "server/http/json_cursor.h"
#include "tokenizer/encoding.h"

namespace embd::http {

// A body that could not be read, as it is answered: text, not JSON.
struct Rejection {
  int status = 0;  // 400: not JSON, 422: not the right shape
  std::string text;
};

// Reads the values that the bodies of requests are made of with TEI's (serde's) rules: unknown
// members are ignored, known ones stand at most once, null is a value only where it means
// something, and what follows the document is not looked at. Every member that returns bool gives
// false when the body is refused; then rejection() says why and nothing else may be called.
class BodyReader {
 public:
  struct Field {
    std::string_view name;
    FunctionRef<bool()> read;  // its value, into wherever the caller keeps it
    bool required = false;
  };

  // `body` must outlive the reader.
  explicit BodyReader(std::string_view body) : body_(body), cursor_(body) {}

  Rejection rejection() const;
  // For values of more shapes than the members below know.
  JsonCursor& cursor() { return cursor_; }

  // An object with these members. `type` is what it is called when something else stands here.
  bool ReadStruct(std::string_view type, std::initializer_list<Field> fields);
  // A list, each of whose elements `read` takes.
  bool ReadList(FunctionRef<bool()> read);
  // A value or null; sets `null` and calls `read` only for a value.
  bool ReadNullable(bool& null, FunctionRef<bool()> read);

  bool ReadBool(bool& out);
  bool ReadOptionalBool(std::optional<bool>& out);
  bool ReadString(std::string& out);
  bool ReadOptionalString(std::optional<std::string>& out);
  // Above the largest uint32 it gives that: more than any model has of anything.
  bool ReadOptionalSize(std::optional<std::uint32_t>& out);
  // One of the names, as its index.
  bool ReadVariant(std::span<const std::string_view> names, std::size_t& index);
  bool ReadDirection(TruncationSide& side);

  // Refuses the value that starts with `first` for its type. Always false.
  bool RefuseType(char first, std::string_view expected);
  // Refuses a value that was read to its end, as matching none of what it might have been. The path
  // that is told ends here, and the place is that of serde's reader. Always false.
  bool RefuseUnmatched(std::string_view detail) {
    return cursor_.RefuseObject(std::string(detail));
  }

 private:
  bool ReadMember(const Field& field);

  std::string_view body_;
  JsonCursor cursor_;
  std::string path_;  // of the value being read: "inputs.sentences[2]"
};

}  // namespace embd::http
