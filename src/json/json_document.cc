#include "json/json_document.h"

#include <fmt/core.h>

#include <utility>

#include "base/load_error.h"

namespace embd {

std::string Printable(std::string_view text) {
  constexpr std::size_t kMaxLength = 80;
  std::string printable(text.substr(0, kMaxLength));
  for (char& c : printable) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
  }
  if (text.size() > kMaxLength) printable += "...";
  return printable;
}

std::string Quoted(std::string_view text) { return '"' + Printable(text) + '"'; }

std::optional<JsonValue> JsonValue::Find(std::string_view key) const {
  simdjson::dom::object object;
  if (element_.get(object) != simdjson::SUCCESS) Fail("an object", std::string(TypeName()));
  simdjson::dom::element member;
  if (object.at_key(key).get(member) != simdjson::SUCCESS || member.is_null()) return std::nullopt;
  return JsonValue(member, fmt::format("{}: {}", place_, key));
}

JsonValue JsonValue::Get(std::string_view key) const {
  if (std::optional<JsonValue> member = Find(key)) return *std::move(member);
  Fail(fmt::format("a member \"{}\"", key), "none");
}

std::string_view JsonValue::String() const {
  std::string_view value;
  if (element_.get(value) != simdjson::SUCCESS) Fail("a string", std::string(TypeName()));
  return value;
}

bool JsonValue::Bool() const {
  bool value = false;
  if (element_.get(value) != simdjson::SUCCESS) Fail("true or false", std::string(TypeName()));
  return value;
}

double JsonValue::Number() const {
  double value = 0;
  if (element_.get(value) != simdjson::SUCCESS) Fail("a number", std::string(TypeName()));
  return value;
}

std::int64_t JsonValue::Integer(std::int64_t min, std::int64_t max) const {
  std::int64_t value = 0;
  const std::string expected = fmt::format("an integer from {} to {}", min, max);
  if (element_.get(value) != simdjson::SUCCESS) {
    // A fraction or a number beyond 64 bits is shown, another type is named.
    double number = 0;
    const bool is_number = element_.get(number) == simdjson::SUCCESS;
    Fail(expected, is_number ? fmt::format("{}", number) : std::string(TypeName()));
  }
  if (value < min || value > max) Fail(expected, std::to_string(value));
  return value;
}

std::vector<JsonValue> JsonValue::Array() const {
  simdjson::dom::array array;
  if (element_.get(array) != simdjson::SUCCESS) Fail("an array", std::string(TypeName()));
  std::vector<JsonValue> values;
  for (const simdjson::dom::element item : array) {
    values.emplace_back(item, fmt::format("{}[{}]", place_, values.size()));
  }
  return values;
}

simdjson::dom::object JsonValue::Object() const {
  simdjson::dom::object object;
  if (element_.get(object) != simdjson::SUCCESS) Fail("an object", std::string(TypeName()));
  return object;
}

std::string JsonValue::StringOr(std::string_view key, std::string_view fallback) const {
  const std::optional<JsonValue> member = Find(key);
  return std::string(member ? member->String() : fallback);
}

bool JsonValue::BoolOr(std::string_view key, bool fallback) const {
  const std::optional<JsonValue> member = Find(key);
  return member ? member->Bool() : fallback;
}

double JsonValue::NumberOr(std::string_view key, double fallback) const {
  const std::optional<JsonValue> member = Find(key);
  return member ? member->Number() : fallback;
}

std::int64_t JsonValue::IntegerOr(std::string_view key, std::int64_t fallback, std::int64_t min,
                                  std::int64_t max) const {
  const std::optional<JsonValue> member = Find(key);
  return member ? member->Integer(min, max) : fallback;
}

void JsonValue::Fail(std::string expected, std::string found, std::string hint) const {
  throw LoadError({.path = place_,
                   .expected = std::move(expected),
                   .found = std::move(found),
                   .hint = std::move(hint)});
}

std::string_view JsonValue::TypeName() const {
  switch (element_.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "an array";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "a boolean";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

MappedFile MapJsonFile(const std::filesystem::path& path, std::size_t max_bytes) {
  MappedFile file(path);
  if (file.bytes().size() > max_bytes) {
    throw LoadError({.path = path.string(),
                     .expected = fmt::format("at most {} bytes", max_bytes),
                     .found = fmt::format("{} bytes", file.bytes().size()),
                     .hint = {}});
  }
  file.Prefault(0, file.bytes().size());
  return file;
}

JsonDocument JsonDocument::ReadFile(const std::filesystem::path& path, std::size_t max_bytes) {
  return Parse(MapJsonFile(path, max_bytes).text(), path.string());
}

JsonDocument JsonDocument::Parse(std::string_view text, std::string origin) {
  JsonDocument document;
  document.origin_ = std::move(origin);
  document.parser_ = std::make_unique<simdjson::dom::parser>();
  // The parser copies the text, which must not be null: an empty file's is.
  const char* const data = text.empty() ? "" : text.data();
  const simdjson::error_code error = document.parser_->parse(data, text.size()).get(document.root_);
  if (error != simdjson::SUCCESS) {
    throw LoadError({.path = document.origin_,
                     .expected = "valid JSON",
                     .found = simdjson::error_message(error),
                     .hint = {}});
  }
  return document;
}

}  // namespace embd
