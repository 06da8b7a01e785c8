#include "server/http/schema_writer.h"

#include <utility>

#include "server/http/json_write.h"

namespace embd::http {

std::string SchemaReference(std::string_view name) {
  return R"({"$ref":"#/components/schemas/)" + std::string(name) + "\"}";
}

bool SchemaWriter::Write(std::string schema) {
  schema_ = std::move(schema);
  return true;
}

// A member's schema with what is said about it. Beside a reference nothing may stand.
std::string SchemaWriter::Member(const Field& field) {
  has_default_ = field.need == kOptional;
  field.read();
  if (field.about.empty()) return schema_;
  std::string about = R"({"description":)";
  AppendString(about, field.about);
  if (schema_.find("{\"$ref\"") == 0) return about + R"(,"allOf":[)" + schema_ + "]}";
  return about + "," + schema_.substr(1);
}

// With `chosen` of those that are marked kOneOf; the others before it would count unless null.
std::string SchemaWriter::Object(std::initializer_list<Field> fields, std::string_view chosen) {
  std::string required;
  std::string properties;
  bool before = true;
  for (const Field& field : fields) {
    const bool read = IsRead(field, chosen);
    if (read && field.need != kOptional) {
      required += required.empty() ? "" : ",";
      AppendString(required, field.name);
    }
    if (field.need == kOneOf && read) before = false;
    const bool must_be_null = field.need == kOneOf && before;
    if (!read && !must_be_null) continue;
    properties += properties.empty() ? "" : ",";
    AppendString(properties, field.name);
    properties += ":" + (read ? Member(field) : R"({"nullable":true,"enum":[null]})");
  }
  std::string schema = R"({"type":"object",)";
  if (!required.empty()) schema += R"("required":[)" + required + "],";
  return schema + R"("properties":{)" + properties + "}}";
}

bool SchemaWriter::ReadStruct(std::string_view type, std::initializer_list<Field> fields) {
  std::string alternatives;
  for (const Field& field : fields) {
    if (field.need != kOneOf) continue;
    alternatives += alternatives.empty() ? R"({"anyOf":[)" : ",";
    alternatives += Object(fields, field.name);
  }
  const std::string_view name = type.substr(type.find(' ') + 1);
  schemas_.emplace(name, alternatives.empty() ? Object(fields, {}) : alternatives + "]}");
  return Write(SchemaReference(name));
}

bool SchemaWriter::ReadList(FunctionRef<bool()> read) {
  has_default_ = false;
  read();
  return Write(R"({"type":"array","items":)" + schema_ + "}");
}

bool SchemaWriter::ReadNullable(bool& null, FunctionRef<bool()> read) {
  null = false;
  has_default_ = false;  // null, and what that means is for the description to say
  read();
  if (schema_.find("{\"$ref\"") == 0) {
    return Write(R"({"nullable":true,"allOf":[)" + schema_ + "]}");
  }
  return Write(R"({"nullable":true,)" + schema_.substr(1));
}

bool SchemaWriter::ReadBool(bool& out) {
  std::string schema = R"({"type":"boolean")";
  if (has_default_) schema += out ? R"(,"default":true)" : R"(,"default":false)";
  return Write(schema + "}");
}

bool SchemaWriter::ReadString(std::string& /*out*/) { return Write(R"({"type":"string"})"); }

bool SchemaWriter::ReadSize(std::uint32_t& /*out*/, std::uint32_t least) {
  return Write(R"({"type":"integer","minimum":)" + std::to_string(least) + "}");
}

bool SchemaWriter::ReadVariant(std::span<const std::string_view> names, std::size_t& index) {
  std::string schema = R"({"type":"string","enum":[)";
  for (const std::string_view name : names) {
    if (schema.back() != '[') schema += ',';
    AppendString(schema, name);
  }
  schema += ']';
  if (has_default_) {
    schema += R"(,"default":)";
    AppendString(schema, names[index]);
  }
  return Write(schema + "}");
}

bool SchemaWriter::ReadShape(const Shape& shape, FunctionRef<bool(JsonBodyReader&)> /*read*/) {
  schemas_.emplace(shape.name, shape.schema);
  return Write(SchemaReference(shape.name));
}

}  // namespace embd::http
