#include "tokenizer/segment.h"

#include <cstddef>

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

constexpr char32_t kSpaceMark = 0x120;  // Ġ, the byte-level character of a space

bool IsSpace(std::string_view text, std::size_t at) {
  const char32_t c = unicode::DecodeValid(text.data() + at).scalar;
  return c == kSpaceMark || unicode::IsWhitespace(c);
}

}  // namespace

TokenSpaces TokenSpaces::Of(std::string_view spelling) {
  TokenSpaces spaces;
  for (std::size_t at = 0; at < spelling.size() && IsSpace(spelling, at);) {
    ++spaces.leading;
    at += unicode::DecodeValid(spelling.data() + at).length;
  }
  while (!spelling.empty()) {
    const std::size_t last = unicode::LastCharBegin(spelling);
    if (!IsSpace(spelling, last)) break;
    ++spaces.trailing;
    spelling = spelling.substr(0, last);
  }
  return spaces;
}

}  // namespace embd
