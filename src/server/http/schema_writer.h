#pragma once

#include <map>
#include <string>
#include <string_view>

#include "server/http/body_reader.h"

namespace embd::http {

// JSON schemas by their names, as they stand under components in an OpenAPI document.
using Schemas = std::map<std::string, std::string, std::less<>>;

// What stands in the document, JSON, where the schema of that name belongs.
std::string SchemaReference(std::string_view name);

// Writes down as a JSON schema what a function reads from a body. Members with a default are told
// with it: it stands in the variable that they would be read into.
class SchemaWriter final : public BodyReader {
 public:
  // Named schemas are added to `schemas`, which must outlive the writer. The first of a name
  // counts.
  explicit SchemaWriter(Schemas& schemas) : BodyReader(/*most_inputs=*/1), schemas_(schemas) {}

  // The schema of the last value.
  const std::string& schema() const { return schema_; }

  bool ReadStruct(std::string_view type, std::initializer_list<Field> fields) override;
  bool ReadList(FunctionRef<bool()> read) override;
  bool ReadNullable(bool& null, FunctionRef<bool()> read) override;
  bool ReadBool(bool& out) override;
  bool ReadString(std::string& out) override;
  bool ReadSize(std::uint32_t& out, std::uint32_t least) override;
  bool ReadVariant(std::span<const std::string_view> names, std::size_t& index) override;
  bool ReadShape(const Shape& shape, FunctionRef<bool(JsonBodyReader&)> read) override;

 private:
  bool Write(std::string schema);
  std::string Object(std::initializer_list<Field> fields, std::string_view chosen);
  std::string Member(const Field& field);

  Schemas& schemas_;
  std::string schema_;
  bool has_default_ = false;  // the value is a member that may be left out
};

}  // namespace embd::http
