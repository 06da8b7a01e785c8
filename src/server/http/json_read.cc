#include "server/http/json_read.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "server/http/json_cursor.h"
#include "server/http/json_write.h"
#include "unicode/utf8.h"

namespace embd::http {
namespace {

// serde's limit of 128 levels, less the object that the inputs stand in.
constexpr std::size_t kInputDepth = 126;

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

// Reads the members of a request one after the other. Every member function that returns bool gives
// false when the body is refused; the cursor then knows why.
class EmbedReader {
 public:
  explicit EmbedReader(std::string_view body) : body_(body), cursor_(body) {}

  std::variant<EmbedBody, Rejection> Read() {
    if (ReadRoot()) return std::move(result_);
    return Reject();
  }

 private:
  enum Field : std::uint8_t {
    kInputs,
    kTruncate,
    kTruncationDirection,
    kPromptName,
    kNormalize,
    kDimensions,
    kFields
  };
  static constexpr std::array<std::string_view, kFields> kNames = {
      "inputs", "truncate", "truncation_direction", "prompt_name", "normalize", "dimensions"};
  static constexpr std::string_view kNoVariant =
      "data did not match any variant of untagged enum Input";

  Rejection Reject() const {
    const JsonError& error = cursor_.error();
    const std::string field = field_ ? std::string(*field_) + ": " : "";
    const std::string detail = field + http::Describe(error, body_);
    if (error.syntax) return {400, "Failed to parse the request body as JSON: " + detail};
    return {422, "Failed to deserialize the JSON body into the target type: " + detail};
  }

  bool ReadRoot() {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    if (first != '{') return RefuseType(first, "struct EmbedRequest");
    std::array<bool, kFields> seen{};
    std::string key;
    bool more = false;
    for (bool at_first = true;; at_first = false) {
      if (!cursor_.NextKey(at_first, more, &key)) return false;
      if (!more) break;
      std::size_t field = 0;
      while (field < kFields && kNames[field] != key) ++field;
      if (field < kFields) {
        if (std::exchange(seen[field], true)) {
          return cursor_.RefuseObject("duplicate field `" + key + "`");
        }
        field_ = kNames[field];
      }
      if (!ReadField(static_cast<Field>(field))) return false;
      field_.reset();
    }
    return seen[kInputs] || cursor_.RefuseShape("missing field `inputs`");
  }

  bool ReadField(Field field) {
    EmbedRequest& request = result_.request;
    switch (field) {
      case kInputs:
        return ReadInputs();
      case kTruncate: {
        bool null = false;
        bool value = false;
        if (!ReadNull(null)) return false;
        if (null) return true;
        if (!ReadBool(value)) return false;
        request.truncate = value;
        return true;
      }
      case kTruncationDirection:
        return ReadDirection(request.truncation_side);
      case kPromptName:
        return ReadPromptName(request.prompt_name);
      case kNormalize:
        return ReadBool(request.normalize);
      case kDimensions:
        return ReadDimensions(request.dimensions);
      case kFields:
        break;
    }
    return cursor_.Skip();
  }

  // Says that another type was expected than the value that starts with `first`.
  bool RefuseType(char first, std::string_view expected) {
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

  // Takes a null if one stands here.
  bool ReadNull(bool& null) {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    null = first == 'n';
    return !null || cursor_.ReadLiteral("null");
  }

  bool ReadBool(bool& out) {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    if (first != 't' && first != 'f') return RefuseType(first, "a boolean");
    out = first == 't';
    return cursor_.ReadLiteral(out ? "true" : "false");
  }

  bool ReadDirection(TruncationSide& side) {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    if (first == '{') return RefuseType(first, "variant identifier");
    // To serde's reader of enums anything else is bad syntax.
    if (first != '"') return cursor_.RefuseSyntax("expected value");
    std::string name;
    if (!cursor_.ReadString(name)) return false;
    if (name == "left" || name == "Left") return side = TruncationSide::kLeft, true;
    if (name == "right" || name == "Right") return side = TruncationSide::kRight, true;
    const std::string shown = Shown(name);
    return cursor_.RefuseShape("unknown variant `" + shown.substr(1, shown.size() - 2) +
                               "`, expected one of `Left`, `left`, `Right`, `right`");
  }

  bool ReadPromptName(std::optional<std::string>& out) {
    bool null = false;
    if (!ReadNull(null)) return false;
    if (null) return true;
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    if (first != '"') return RefuseType(first, "a string");
    return cursor_.ReadString(out.emplace());
  }

  bool ReadDimensions(std::optional<std::uint32_t>& out) {
    bool null = false;
    if (!ReadNull(null)) return false;
    if (null) return true;
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    if (first != '-' && (first < '0' || first > '9')) return RefuseType(first, "usize");
    JsonNumber number;
    if (!cursor_.ReadNumber(number)) return false;
    if (const auto* whole = std::get_if<std::uint64_t>(&number)) {
      // Any that does not fit is more than every model has.
      constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
      out = static_cast<std::uint32_t>(std::min(*whole, kMost));
      return true;
    }
    const bool negative = std::holds_alternative<std::int64_t>(number);
    return cursor_.RefuseShape((negative ? "invalid value: " : "invalid type: ") +
                               Describe(number) + ", expected usize");
  }

  // A text, a list of token ids, or a list of these. What does not match is read to its end, since
  // bad syntax goes before a wrong shape.
  bool ReadInputs() {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    bool matches = true;
    if (first == '"') {
      Input& input = AddInput();
      if (!cursor_.ReadString(std::get<std::string>(input))) return false;
    } else if (first == '[') {
      if (!ReadList(matches)) return false;
    } else {
      matches = false;
      if (!cursor_.Skip(kInputDepth)) return false;
    }
    return matches || RefuseInputs();
  }

  bool RefuseInputs() {
    // serde tells the place where the object's reader stands, and no deeper path.
    return cursor_.RefuseObject(std::string(kNoVariant));
  }

  bool ReadList(bool& matches) {
    std::vector<std::uint32_t> ids;
    bool more = false;
    for (bool at_first = true;; at_first = false) {
      if (!cursor_.NextElement(at_first, more)) return false;
      if (!more) break;
      char first = 0;
      if (!cursor_.Peek(first)) return false;
      const bool number = first == '-' || (first >= '0' && first <= '9');
      // Either ids or inputs: the first element decides.
      if (!at_first && number == ids.empty()) matches = false;
      if (!ReadElement(first, ids, matches)) return false;
    }
    if (!matches) return true;
    result_.request.is_batch = result_.inputs > 0;
    if (!result_.request.is_batch) AddInput() = std::move(ids);
    return true;
  }

  bool ReadElement(char first, std::vector<std::uint32_t>& ids, bool& matches) {
    if (!matches) return cursor_.Skip(kInputDepth - 1);
    if (first == '"') {
      Input& input = AddInput();
      return cursor_.ReadString(std::get<std::string>(input));
    }
    if (first == '[') return ReadIds(AddInput().emplace<std::vector<std::uint32_t>>(), matches);
    return ReadId(first, ids, matches);
  }

  bool ReadIds(std::vector<std::uint32_t>& ids, bool& matches) {
    bool more = false;
    for (bool at_first = true;; at_first = false) {
      if (!cursor_.NextElement(at_first, more)) return false;
      if (!more) return true;
      char first = 0;
      if (!cursor_.Peek(first)) return false;
      if (!ReadId(first, ids, matches)) return false;
    }
  }

  bool ReadId(char first, std::vector<std::uint32_t>& ids, bool& matches) {
    if (!matches || (first != '-' && (first < '0' || first > '9'))) {
      matches = false;
      return cursor_.Skip(kInputDepth - 2);
    }
    JsonNumber number;
    if (!cursor_.ReadNumber(number)) return false;
    const auto* whole = std::get_if<std::uint64_t>(&number);
    matches = whole != nullptr && *whole <= std::numeric_limits<std::uint32_t>::max();
    if (matches) ids.push_back(static_cast<std::uint32_t>(*whole));
    return true;
  }

  // The place for the next input: its own, or that of the last when there are too many.
  Input& AddInput() {
    std::vector<Input>& inputs = result_.request.inputs;
    if (++result_.inputs <= kMostInputs) return inputs.emplace_back();
    return inputs.back() = std::string();
  }

  std::string_view body_;
  JsonCursor cursor_;
  EmbedBody result_;
  std::optional<std::string_view> field_;  // being read
};

}  // namespace

std::variant<EmbedBody, Rejection> ReadEmbedRequest(std::string_view body) {
  return EmbedReader(body).Read();
}

}  // namespace embd::http
