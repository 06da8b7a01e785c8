#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/http/body_reader.h"
#include "server/http/json_cursor.h"

namespace embd::http {

// Lists and objects inside each other that serde reads where it keeps a value.
inline constexpr std::size_t kMostDepth = 128;

// A body that could not be read, as it is answered: text, not JSON.
struct Rejection {
  int status = 0;  // 400: not JSON, 422: not the right shape
  std::string text;
};

// Reads a body with TEI's (serde's) rules: unknown members are ignored, known ones stand at most
// once, null is a value only where it means something, and what follows the document is not looked
// at.
class JsonBodyReader final : public BodyReader {
 public:
  // `body` must outlive the reader.
  JsonBodyReader(std::string_view body, std::size_t most_inputs)
      : BodyReader(most_inputs), body_(body), cursor_(body) {}

  // Why the body was refused.
  Rejection rejection() const;
  const JsonError& error() const { return cursor_.error(); }

  bool ReadStruct(std::string_view type, std::initializer_list<Field> fields) override;
  bool ReadList(FunctionRef<bool()> read) override;
  bool ReadNullable(bool& null, FunctionRef<bool()> read) override;
  bool ReadBool(bool& out) override;
  bool ReadString(std::string& out) override;
  bool ReadSize(std::uint32_t& out, std::uint32_t least) override;
  bool ReadVariant(std::span<const std::string_view> names, std::size_t& index) override;
  bool ReadShape(const Shape& /*shape*/, FunctionRef<bool(JsonBodyReader&)> read) override {
    return read(*this);
  }

  // For what is read by ReadShape.
  JsonCursor& cursor() { return cursor_; }
  // Any value of up to serde's depth, as it is written; only its syntax is checked.
  bool ReadRaw(std::string_view& out);
  // Refuses the value that starts with `first` for its type. Always false.
  bool RefuseType(char first, std::string_view expected);
  // Refuses a value that was read to its end, as matching none of what it might have been. The path
  // that is told ends here, and the place is that of serde's reader. Always false.
  bool RefuseUnmatched(std::string_view detail) {
    return cursor_.RefuseObject(std::string(detail));
  }

 private:
  bool ReadMember(const Field& field);
  // The one of kOneOf that counts; empty if there are none.
  std::string_view ChooseOneOf(std::initializer_list<Field> fields) const;
  bool CheckMembers(std::initializer_list<Field> fields, std::uint32_t seen,
                    std::string_view chosen);

  std::string_view body_;
  JsonCursor cursor_;
  std::string path_;  // of the value being read: "inputs.sentences[2]"
};

}  // namespace embd::http
