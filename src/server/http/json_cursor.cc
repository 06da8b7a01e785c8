#include "server/http/json_cursor.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "unicode/utf8.h"

namespace embd::http {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether 8 bytes are all ASCII text without quotes and backslashes. Each term sets the top bit of
// a byte that is not (and perhaps of its neighbours, which then are looked at one by one).
bool IsPlainAscii(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x80 * kOnes;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  const std::uint64_t quotes = (word ^ ('"' * kOnes)) - kOnes;
  const std::uint64_t backslashes = (word ^ ('\\' * kOnes)) - kOnes;
  const std::uint64_t controls = word - ' ' * kOnes;
  return ((word | quotes | backslashes | controls) & kTops) == 0;
}

constexpr std::string_view kEofValue = "EOF while parsing a value";
constexpr std::string_view kEofString = "EOF while parsing a string";
constexpr std::string_view kEofObject = "EOF while parsing an object";
constexpr std::string_view kEofList = "EOF while parsing a list";

}  // namespace

std::string Describe(const JsonError& error, std::string_view document) {
  const std::string_view before = document.substr(0, error.offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return error.detail + " at line " + std::to_string(line) + " column " + std::to_string(column);
}

bool JsonCursor::Fail(std::string_view detail, std::size_t offset) {
  error_ = {
      .syntax = true, .detail = std::string(detail), .offset = std::min(offset, text_.size())};
  return false;
}

bool JsonCursor::RefuseShape(std::string detail) {
  error_ = {.syntax = false, .detail = std::move(detail), .offset = at_};
  return false;
}

bool JsonCursor::RefuseObject(std::string detail) {
  SkipSpace();
  if (At('}')) ++at_;
  return RefuseShape(std::move(detail));
}

bool JsonCursor::RefuseSyntax(std::string_view detail) { return Fail(detail, at_ + 1); }

void JsonCursor::SkipSpace() {
  while (At(' ') || At('\n') || At('\t') || At('\r')) ++at_;
}

bool JsonCursor::Peek(char& first) {
  SkipSpace();
  if (AtEnd()) return Fail(kEofValue, at_);
  first = text_[at_];
  if (IsDigit(first) || std::string_view("{[\"tfn-").find(first) != std::string_view::npos) {
    return true;
  }
  return RefuseSyntax("expected value");
}

bool JsonCursor::ReadLiteral(std::string_view word) {
  for (const char c : word) {
    if (AtEnd()) return Fail(kEofValue, at_);
    if (text_[at_++] != c) return Fail("expected ident", at_);
  }
  return true;
}

// At least one.
bool JsonCursor::SkipDigits() {
  if (AtEnd()) return Fail(kEofValue, at_);
  if (!IsDigit(text_[at_])) return Fail("invalid number", at_ + 1);
  while (!AtEnd() && IsDigit(text_[at_])) ++at_;
  return true;
}

bool JsonCursor::ScanNumber(bool& integer) {
  integer = true;
  if (At('-')) ++at_;
  const bool zero = At('0');
  const std::size_t begin = at_;
  if (!SkipDigits()) return false;
  if (zero && at_ - begin > 1) return Fail("invalid number", begin + 2);
  if (At('.')) {
    integer = false;
    ++at_;
    if (!SkipDigits()) return false;
  }
  if (At('e') || At('E')) {
    integer = false;
    ++at_;
    if (At('+') || At('-')) ++at_;
    if (!SkipDigits()) return false;
  }
  return true;
}

bool JsonCursor::ReadNumber(JsonNumber& out) {
  const std::size_t begin = at_;
  bool integer = false;
  if (!ScanNumber(integer)) return false;
  const char* const first = text_.data() + begin;
  const char* const last = text_.data() + at_;
  if (integer && *first != '-') {
    std::uint64_t value = 0;
    if (std::from_chars(first, last, value).ec == std::errc()) return out = value, true;
  } else if (integer) {
    std::int64_t value = 0;
    if (std::from_chars(first, last, value).ec == std::errc() && value != 0) {
      return out = value, true;
    }
  }
  double value = 0;
  if (std::from_chars(first, last, value).ec == std::errc::result_out_of_range) {
    // Too small is zero, too large is an error; the library does not say which of them it was.
    value = std::strtod(std::string(first, last).c_str(), nullptr);
    if (std::isinf(value)) return Fail("number out of range", at_);
  }
  return out = value, true;
}

bool JsonCursor::ScanHex(std::uint32_t& unit) {
  constexpr std::size_t kDigits = 4;
  if (text_.size() - at_ < kDigits) return Fail(kEofString, text_.size());
  const char* const first = text_.data() + at_;
  if (std::from_chars(first, first + kDigits, unit, 16).ptr != first + kDigits) {
    return Fail("invalid escape", at_ + kDigits);
  }
  at_ += kDigits;
  return true;
}

// After "\u".
bool JsonCursor::ScanUnicodeEscape(std::string* out) {
  std::uint32_t scalar = 0;
  if (!ScanHex(scalar)) return false;
  if (scalar >= 0xDC00 && scalar < 0xE000) {
    return Fail("lone leading surrogate in hex escape", at_);
  }
  if (scalar >= 0xD800 && scalar < 0xDC00) {
    for (const char c : {'\\', 'u'}) {
      if (AtEnd()) return Fail(kEofString, at_);
      if (text_[at_++] != c) return Fail("unexpected end of hex escape", at_);
    }
    std::uint32_t low = 0;
    if (!ScanHex(low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return Fail("lone leading surrogate in hex escape", at_);
    scalar = 0x10000 + ((scalar - 0xD800) << 10U) + (low - 0xDC00);
  }
  if (out != nullptr) unicode::Append(*out, scalar);
  return true;
}

// After the backslash.
bool JsonCursor::ScanEscape(std::string* out) {
  if (AtEnd()) return Fail(kEofString, at_);
  const char c = text_[at_++];
  if (c == 'u') return ScanUnicodeEscape(out);
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const std::size_t which = kEscapes.find(c);
  if (which == std::string_view::npos) return Fail("invalid escape", at_);
  if (out != nullptr) *out += kMeanings[which];
  return true;
}

// Up to the next quote, backslash or control character.
bool JsonCursor::ScanPlain(std::string* out) {
  const std::size_t begin = at_;
  bool ascii = true;
  for (; !AtEnd(); ++at_) {
    while (text_.size() - at_ > sizeof(std::uint64_t) && IsPlainAscii(text_.data() + at_)) {
      at_ += sizeof(std::uint64_t);
    }
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
    if (byte >= 0x80) ascii = false;
  }
  const std::string_view plain = text_.substr(begin, at_ - begin);
  if (!ascii && !unicode::IsValid(plain)) return Fail("invalid unicode code point", at_);
  if (out != nullptr) out->append(plain);
  return true;
}

bool JsonCursor::ScanString(std::string* out) {
  if (out != nullptr) out->clear();
  ++at_;
  while (true) {
    if (!ScanPlain(out)) return false;
    if (AtEnd()) return Fail(kEofString, at_);
    const char c = text_[at_++];
    if (c == '"') return true;
    if (c != '\\') {
      return Fail("control character (\\u0000-\\u001F) found while parsing a string", at_);
    }
    if (!ScanEscape(out)) return false;
  }
}

bool JsonCursor::NextKey(bool first, bool& more, std::string* key) {
  if (first) ++at_;
  SkipSpace();
  if (AtEnd()) return Fail(kEofObject, at_);
  if (At('}')) {
    ++at_;
    more = false;
    return true;
  }
  if (!first) {
    if (!At(',')) return RefuseSyntax("expected `,` or `}`");
    ++at_;
    SkipSpace();
    if (AtEnd()) return Fail(kEofValue, at_);
    if (At('}')) return RefuseSyntax("trailing comma");
  }
  if (!At('"')) return RefuseSyntax("key must be a string");
  if (!ScanString(key)) return false;
  SkipSpace();
  if (AtEnd()) return Fail(kEofObject, at_);
  if (!At(':')) return RefuseSyntax("expected `:`");
  ++at_;
  more = true;
  return true;
}

bool JsonCursor::NextElement(bool first, bool& more) {
  if (first) ++at_;
  SkipSpace();
  if (AtEnd()) return Fail(kEofList, at_);
  if (At(']')) {
    ++at_;
    more = false;
    return true;
  }
  if (!first) {
    if (!At(',')) return RefuseSyntax("expected `,` or `]`");
    ++at_;
    SkipSpace();
    if (At(']')) return RefuseSyntax("trailing comma");
  }
  more = true;
  return true;
}

bool JsonCursor::SkipScalar(char first) {
  switch (first) {
    case '"':
      return ScanString(nullptr);
    case 't':
      return ReadLiteral("true");
    case 'f':
      return ReadLiteral("false");
    case 'n':
      return ReadLiteral("null");
    default: {
      bool integer = false;
      return ScanNumber(integer);
    }
  }
}

// Behind a value inside the lists and objects that `open` names: closes those that end here.
bool JsonCursor::SkipToNextValue(std::string& open) {
  bool more = false;
  while (!more && !open.empty()) {
    const bool ok = open.back() == '[' ? NextElement(/*first=*/false, more)
                                       : NextKey(/*first=*/false, more, nullptr);
    if (!ok) return false;
    if (!more) open.pop_back();
  }
  return true;
}

bool JsonCursor::Skip(std::size_t max_depth) {
  std::string open;  // the brackets around this place; a byte a level, however deep
  do {
    char first = 0;
    if (!Peek(first)) return false;
    bool more = false;
    if (first == '[' || first == '{') {
      if (open.size() == max_depth) return RefuseSyntax("recursion limit exceeded");
      open += first;
      const bool ok =
          first == '[' ? NextElement(/*first=*/true, more) : NextKey(/*first=*/true, more, nullptr);
      if (!ok) return false;
      if (more) continue;
      open.pop_back();
    } else if (!SkipScalar(first)) {
      return false;
    }
    if (!SkipToNextValue(open)) return false;
  } while (!open.empty());
  return true;
}

}  // namespace embd::http
