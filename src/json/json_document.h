#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "base/mapped_file.h"

namespace embd {

// A text from a file as it may stand in a one-line message: short, without control characters.
std::string Printable(std::string_view text);
// The same in quotes.
std::string Quoted(std::string_view text);

// A value inside a JsonDocument, with the place where it stands, so that a wrong type or range is
// reported as LoadError "<file>: <place>: expected ..., found ...". Valid while the document lives.
// For big arrays and objects iterate raw(), which costs nothing per element.
class JsonValue {
 public:
  JsonValue(simdjson::dom::element element, std::string place)
      : element_(element), place_(std::move(place)) {}

  const std::string& place() const { return place_; }
  simdjson::dom::element raw() const { return element_; }
  bool is_null() const { return element_.is_null(); }
  bool is_object() const { return element_.is_object(); }
  bool is_array() const { return element_.is_array(); }
  bool is_string() const { return element_.is_string(); }
  bool is_bool() const { return element_.is_bool(); }
  bool is_number() const { return element_.is_number(); }

  // The member `key`: Find gives nothing when it is absent or null; Get throws then.
  std::optional<JsonValue> Find(std::string_view key) const;
  JsonValue Get(std::string_view key) const;

  // The value itself; each throws LoadError when it has another type or lies outside the range.
  std::string_view String() const;
  bool Bool() const;
  double Number() const;
  std::int64_t Integer(std::int64_t min, std::int64_t max) const;
  std::vector<JsonValue> Array() const;
  simdjson::dom::object Object() const;

  // Shorthands for optional members of an object: the fallback when absent or null.
  std::string StringOr(std::string_view key, std::string_view fallback) const;
  bool BoolOr(std::string_view key, bool fallback) const;
  double NumberOr(std::string_view key, double fallback) const;
  std::int64_t IntegerOr(std::string_view key, std::int64_t fallback, std::int64_t min,
                         std::int64_t max) const;

  [[noreturn]] void Fail(std::string expected, std::string found, std::string hint = {}) const;
  // The JSON type of this value in words, for messages.
  std::string_view TypeName() const;

 private:
  simdjson::dom::element element_;
  std::string place_;
};

// A JSON file of the model's, in memory. Throws LoadError when it is missing or larger than
// `max_bytes`.
MappedFile MapJsonFile(const std::filesystem::path& path, std::size_t max_bytes);

// A parsed JSON file of the model's (config.json, tokenizer.json, a safetensors header...): bounded
// in size and depth, owned here. Movable; const access is safe from any thread.
class JsonDocument {
 public:
  // Throws LoadError when the file is missing, larger than `max_bytes`, or not JSON.
  static JsonDocument ReadFile(const std::filesystem::path& path, std::size_t max_bytes);
  // Parses a copy of `text`; `origin` names it in messages.
  static JsonDocument Parse(std::string_view text, std::string origin);

  JsonValue root() const { return {root_, origin_}; }

 private:
  JsonDocument() = default;

  std::string origin_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::element root_;
};

}  // namespace embd
