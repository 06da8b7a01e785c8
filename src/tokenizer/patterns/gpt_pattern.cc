#include "tokenizer/patterns/gpt_pattern.h"

#include <array>
#include <cstddef>
#include <utility>

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

enum class Kind : std::uint8_t { kLetter, kNumber, kSpace, kOther };

Kind ComputeKind(char32_t c) {
  using unicode::Category;
  const std::uint32_t flags = unicode::CharFlags(c);
  switch (unicode::CategoryOf(flags)) {
    case Category::kLu:
    case Category::kLl:
    case Category::kLt:
    case Category::kLm:
    case Category::kLo:
      return Kind::kLetter;
    case Category::kNd:
    case Category::kNl:
    case Category::kNo:
      return Kind::kNumber;
    default:
      return flags & unicode::kRegexSpace ? Kind::kSpace : Kind::kOther;
  }
}

const std::array<Kind, 128> kAsciiKinds = [] {
  std::array<Kind, 128> kinds{};
  for (char32_t c = 0; c < 128; ++c) kinds[c] = ComputeKind(c);
  return kinds;
}();

struct Char {
  Kind kind;
  std::uint32_t length;
};

Char CharAt(std::string_view text, std::size_t at) {
  const auto byte = static_cast<std::uint8_t>(text[at]);
  if (byte < 0x80) return {kAsciiKinds[byte], 1};
  const unicode::DecodedChar c = unicode::DecodeValid(text.data() + at);
  return {ComputeKind(c.scalar), c.length};
}

// End of the run of characters of `kind` that starts at `at`, at most `limit` of them.
std::size_t RunEnd(std::string_view text, std::size_t at, Kind kind,
                   std::size_t limit = std::string_view::npos) {
  for (; at < text.size() && limit > 0; --limit) {
    const Char c = CharAt(text, at);
    if (c.kind != kind) break;
    at += c.length;
  }
  return at;
}

bool IsNewline(char c) { return c == '\r' || c == '\n'; }

// Bytes of an English contraction ('s 't 'm 'd 're 've 'll) at the start of `text`, or 0.
std::size_t ContractionLength(std::string_view text, bool ignore_case) {
  if (text.size() < 2 || text[0] != '\'') return 0;
  // The long s is the one other character that equals one of these letters without case.
  if (ignore_case && text.substr(1, 2) == "\u017f") return 3;
  const auto letter = [&](std::size_t i) {
    if (i >= text.size()) return '\0';
    const char c = text[i];
    return ignore_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  const char first = letter(1);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  const char second = letter(2);
  if ((first == 'r' || first == 'v') && second == 'e') return 3;
  return first == 'l' && second == 'l' ? 3 : 0;
}

// A run of whitespace at `at` without anything that an earlier alternative takes: all of it at the
// end of the text, otherwise all but its last character, which may belong to the next word, unless
// that is the only one.
std::size_t SpaceEnd(std::string_view text, std::size_t at) {
  std::size_t last = at;
  std::size_t end = at;
  while (end < text.size()) {
    const Char c = CharAt(text, end);
    if (c.kind != Kind::kSpace) return last > at ? last : end;
    last = end;
    end += c.length;
  }
  return end;
}

// " ?[^\s\p{L}\p{N}]+": the end, or `at` when it does not match.
std::size_t OtherEnd(std::string_view text, std::size_t at) {
  const std::size_t begin = at + (text[at] == ' ' ? 1 : 0);
  const std::size_t end = RunEnd(text, begin, Kind::kOther);
  return end > begin ? end : at;
}

std::size_t Gpt2End(std::string_view text, std::size_t at) {
  if (const std::size_t length = ContractionLength(text.substr(at), /*ignore_case=*/false)) {
    return at + length;
  }
  const std::size_t begin = at + (text[at] == ' ' ? 1 : 0);
  if (begin < text.size()) {
    const Kind kind = CharAt(text, begin).kind;
    if (kind != Kind::kSpace) return RunEnd(text, begin, kind);
  }
  return SpaceEnd(text, at);
}

std::size_t ClEnd(std::string_view text, std::size_t at, std::size_t digits) {
  if (const std::size_t length = ContractionLength(text.substr(at), /*ignore_case=*/true)) {
    return at + length;
  }
  const Char first = CharAt(text, at);
  if (first.kind == Kind::kLetter) return RunEnd(text, at, Kind::kLetter);
  if (first.kind == Kind::kNumber) return RunEnd(text, at, Kind::kNumber, digits);
  const std::size_t next = at + first.length;
  if (!IsNewline(text[at]) && next < text.size() && CharAt(text, next).kind == Kind::kLetter) {
    return RunEnd(text, next, Kind::kLetter);
  }
  if (std::size_t end = OtherEnd(text, at); end > at) {
    while (end < text.size() && IsNewline(text[end])) ++end;
    return end;
  }
  // Whitespace up to the last line break in it, if there is one.
  const std::size_t end = RunEnd(text, at, Kind::kSpace);
  const std::size_t newline = text.substr(at, end - at).find_last_of("\r\n");
  return newline != std::string_view::npos ? at + newline + 1 : SpaceEnd(text, at);
}

}  // namespace

std::unique_ptr<TextPattern> GptPattern::ForExpression(std::string_view expression) {
  constexpr std::pair<std::string_view, Flavor> kExpressions[] = {
      {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
       Flavor::kGpt2},
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       Flavor::kThreeDigits},
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       Flavor::kOneDigit},
  };
  for (const auto& [known, flavor] : kExpressions) {
    if (known == expression) return std::make_unique<GptPattern>(flavor);
  }
  return nullptr;
}

Result<void> GptPattern::FindAll(std::string_view text, std::vector<ByteRange>& matches) const {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    switch (flavor_) {
      case Flavor::kGpt2:
        end = Gpt2End(text, at);
        break;
      case Flavor::kThreeDigits:
        end = ClEnd(text, at, 3);
        break;
      case Flavor::kOneDigit:
        end = ClEnd(text, at, 1);
        break;
    }
    matches.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end;
  }
  return {};
}

}  // namespace embd
