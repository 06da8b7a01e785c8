#include "server/http/json_body_reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <variant>

#include "server/http/json_write.h"
#include "unicode/utf8.h"

namespace embd::http {
namespace {

std::string Describe(const JsonNumber& number) {
  if (const auto* whole = std::get_if<std::uint64_t>(&number)) {
    return "integer `" + std::to_string(*whole) + "`";
  }
  if (const auto* negative = std::get_if<std::int64_t>(&number)) {
    return "integer `" + std::to_string(*negative) + "`";
  }
  std::string text = "floating point `";
  AppendFloat(text, static_cast<float>(std::get<double>(number)));
  return text + "`";
}

// A string as messages show it: not at its full length, which is the sender's choice.
std::string Shown(std::string_view text) {
  constexpr std::size_t kMostShown = 100;
  const bool cut = text.size() > kMostShown;
  if (cut) {
    text = text.substr(0, kMostShown);
    // The part of a character that may stand at the end.
    while (!text.empty() && unicode::IsContinuation(text.back())) text.remove_suffix(1);
    if (!text.empty()) text.remove_suffix(1);
  }
  std::string shown;
  AppendString(shown, text);
  return cut ? shown + "..." : shown;
}

bool StartsNumber(char first) { return first == '-' || (first >= '0' && first <= '9'); }

}  // namespace

Rejection JsonBodyReader::rejection() const {
  const JsonError& error = cursor_.error();
  const std::string detail = (path_.empty() ? "" : path_ + ": ") + http::Describe(error, body_);
  if (error.syntax) return {400, "Failed to parse the request body as JSON: " + detail};
  return {422, "Failed to deserialize the JSON body into the target type: " + detail};
}

bool JsonBodyReader::ReadStruct(std::string_view type, std::initializer_list<Field> fields) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  if (first != '{') return RefuseType(first, type);
  const std::string_view chosen = ChooseOneOf(fields);
  std::uint32_t seen = 0;  // a bit for each field
  std::string key;
  bool more = false;
  for (bool at_first = true;; at_first = false) {
    if (!cursor_.NextKey(at_first, more, &key)) return false;
    if (!more) break;
    const auto* field = std::find_if(fields.begin(), fields.end(),
                                     [&](const Field& known) { return known.name == key; });
    if (field == fields.end() || !IsRead(*field, chosen)) {
      if (!cursor_.Skip()) return false;
      continue;
    }
    const std::uint32_t bit = 1U << static_cast<unsigned>(field - fields.begin());
    if ((seen & bit) != 0) return cursor_.RefuseObject("duplicate field `" + key + "`");
    seen |= bit;
    if (!ReadMember(*field)) return false;
  }
  return CheckMembers(fields, seen, chosen);
}

// Looks ahead. What is wrong with the document is found when it is read.
std::string_view JsonBodyReader::ChooseOneOf(std::initializer_list<Field> fields) const {
  std::array<std::string_view, 2> names;
  std::size_t count = 0;
  for (const Field& field : fields) {
    if (field.need == kOneOf && count < names.size()) names[count++] = field.name;
  }
  if (count == 0) return {};
  JsonCursor ahead = cursor_;
  std::string_view found = names[0];
  std::string key;
  bool more = false;
  for (bool at_first = true; ahead.NextKey(at_first, more, &key) && more; at_first = false) {
    char first = 0;
    const bool has_value = ahead.Peek(first) && first != 'n';
    if (has_value && key == names[0]) return names[0];
    if (has_value && key == names[1]) found = names[1];
    if (!ahead.Skip()) break;
  }
  return found;
}

// The first of those that are missed is named.
bool JsonBodyReader::CheckMembers(std::initializer_list<Field> fields, std::uint32_t seen,
                                  std::string_view chosen) {
  std::uint32_t bit = 1;
  for (const Field& field : fields) {
    const bool needed = field.need == kRequired || field.name == chosen;
    if (needed && (seen & bit) == 0)
      return cursor_.RefuseShape("missing field `" + std::string(field.name) + "`");
    bit <<= 1U;
  }
  return true;
}

bool JsonBodyReader::ReadMember(const Field& field) {
  const std::size_t outer = path_.size();
  if (outer > 0) path_ += '.';
  path_ += field.name;
  if (!field.read()) return false;
  path_.resize(outer);
  return true;
}

bool JsonBodyReader::ReadList(FunctionRef<bool()> read) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  if (first != '[') return RefuseType(first, "a sequence");
  const std::size_t outer = path_.size();
  bool more = false;
  for (std::size_t index = 0;; ++index) {
    if (!cursor_.NextElement(index == 0, more)) return false;
    if (!more) return true;
    path_ += '[' + std::to_string(index) + ']';
    if (!read()) return false;
    path_.resize(outer);
  }
}

bool JsonBodyReader::ReadNullable(bool& null, FunctionRef<bool()> read) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  null = first == 'n';
  return null ? cursor_.ReadLiteral("null") : read();
}

bool JsonBodyReader::ReadBool(bool& out) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  if (first != 't' && first != 'f') return RefuseType(first, "a boolean");
  out = first == 't';
  return cursor_.ReadLiteral(out ? "true" : "false");
}

bool JsonBodyReader::ReadString(std::string& out) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  if (first != '"') return RefuseType(first, "a string");
  return cursor_.ReadString(out);
}

bool JsonBodyReader::ReadSize(std::uint32_t& out, std::uint32_t /*least*/) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  if (!StartsNumber(first)) return RefuseType(first, "usize");
  JsonNumber number;
  if (!cursor_.ReadNumber(number)) return false;
  if (const auto* whole = std::get_if<std::uint64_t>(&number)) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    out = static_cast<std::uint32_t>(std::min(*whole, kMost));
    return true;
  }
  const bool negative = std::holds_alternative<std::int64_t>(number);
  return cursor_.RefuseShape((negative ? "invalid value: " : "invalid type: ") + Describe(number) +
                             ", expected usize");
}

bool JsonBodyReader::ReadVariant(std::span<const std::string_view> names, std::size_t& index) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  if (first == '{') return RefuseType(first, "variant identifier");
  // To serde's reader of enums anything else is bad syntax.
  if (first != '"') return cursor_.RefuseSyntax("expected value");
  std::string name;
  if (!cursor_.ReadString(name)) return false;
  index = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  if (index < names.size()) return true;
  const std::string shown = Shown(name);
  std::string message = "unknown variant `" + shown.substr(1, shown.size() - 2) + "`, expected ";
  // serde's wording for two, and for more.
  if (names.size() > 2) message += "one of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) message += names.size() > 2 ? ", " : " or ";
    message += '`' + std::string(names[i]) + '`';
  }
  return cursor_.RefuseShape(std::move(message));
}

bool JsonBodyReader::ReadRaw(std::string_view& out) {
  char first = 0;
  if (!cursor_.Peek(first)) return false;
  const std::size_t begin = cursor_.offset();
  if (!cursor_.Skip(kMostDepth - 2)) return false;
  out = body_.substr(begin, cursor_.offset() - begin);
  return true;
}

bool JsonBodyReader::RefuseType(char first, std::string_view expected) {
  const std::string tail = ", expected " + std::string(expected);
  std::string found;
  switch (first) {
    case '{':
      return cursor_.RefuseShape("invalid type: map" + tail);
    case '[':
      return cursor_.RefuseShape("invalid type: sequence" + tail);
    case '"': {
      std::string text;
      if (!cursor_.ReadString(text)) return false;
      found = "string " + Shown(text);
      break;
    }
    case 'n':
      if (!cursor_.ReadLiteral("null")) return false;
      found = "null";
      break;
    case 't':
    case 'f':
      found = first == 't' ? "boolean `true`" : "boolean `false`";
      if (!cursor_.ReadLiteral(first == 't' ? "true" : "false")) return false;
      break;
    default: {
      JsonNumber number;
      if (!cursor_.ReadNumber(number)) return false;
      found = Describe(number);
    }
  }
  return cursor_.RefuseShape("invalid type: " + found + tail);
}

}  // namespace embd::http
