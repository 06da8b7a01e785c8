#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "tokenizer/encoding.h"

namespace embd::http {

class JsonBodyReader;

// A value of several shapes, as the OpenAPI document tells it.
struct Shape {
  std::string_view name;    // of the schema
  std::string_view schema;  // JSON
};

// What the functions see that say of which members a body is made: one kind of reader reads a body
// (JsonBodyReader), the other writes down what would be read (SchemaWriter). So what the document
// of the API tells is what the server takes. A value is read into a variable that holds its default
// before. Every member that returns bool gives false when the body is refused; then nothing else
// may be called.
class BodyReader {
 public:
  enum Need : std::uint8_t {
    kOptional,
    kRequired,
    kOneOf,  // of two: the first that has a value counts, the other is not looked at
  };

  struct Field {
    std::string_view name;
    FunctionRef<bool()> read;  // its value, into wherever the caller keeps it
    Need need = kOptional;
    std::string_view about = {};  // what the name does not say
    std::string_view with = {};   // the one of kOneOf beside which alone it is looked at
  };

  // `most_inputs`: see the member.
  explicit BodyReader(std::size_t most_inputs) : most_inputs_(most_inputs) {}
  virtual ~BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  // More inputs than this are counted but not kept: the request is refused for their number, and
  // each would cost more in memory than its two or three bytes in the body.
  std::size_t most_inputs() const { return most_inputs_; }

  // An object with these members. `type` is what it is called when something else stands here.
  virtual bool ReadStruct(std::string_view type, std::initializer_list<Field> fields) = 0;
  // A list, each of whose elements `read` takes.
  virtual bool ReadList(FunctionRef<bool()> read) = 0;
  // A value or null; sets `null` and calls `read` only for a value.
  virtual bool ReadNullable(bool& null, FunctionRef<bool()> read) = 0;
  virtual bool ReadBool(bool& out) = 0;
  virtual bool ReadString(std::string& out) = 0;
  // Above the largest uint32 it gives that: more than any model has of anything. What is below
  // `least` is taken here and must be refused later, where TEI does it.
  virtual bool ReadSize(std::uint32_t& out, std::uint32_t least) = 0;
  // One of the names, as its index.
  virtual bool ReadVariant(std::span<const std::string_view> names, std::size_t& index) = 0;
  // A value of a shape that only `read` knows.
  virtual bool ReadShape(const Shape& shape, FunctionRef<bool(JsonBodyReader&)> read) = 0;

  bool ReadOptionalBool(std::optional<bool>& out);
  bool ReadOptionalString(std::optional<std::string>& out);
  bool ReadOptionalSize(std::optional<std::uint32_t>& out, std::uint32_t least = 0);
  bool ReadDirection(TruncationSide& side);

 protected:
  // Whether `field` is looked at when `chosen` is the one of kOneOf that counts.
  static bool IsRead(const Field& field, std::string_view chosen) {
    if (field.need == kOneOf) return field.name == chosen;
    return field.with.empty() || field.with == chosen;
  }

 private:
  const std::size_t most_inputs_;
};

}  // namespace embd::http
