#include "unicode/utf8.h"

#include <algorithm>
#include <cstring>

namespace embd::unicode {
namespace {

// Bytes of the well-formed character at the start of `text` (not empty), or 0 with `bad` set to the
// length of the ill-formed part, as Unicode recommends to replace it.
std::size_t CharLength(std::string_view text, std::size_t& bad) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  bad = 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  // Only the second byte has narrower bounds than 80..BF.
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) {
      bad = i;
      return 0;
    }
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

// Length of the ASCII run at the start of `text`, found eight bytes at a time.
std::size_t AsciiPrefix(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof(word));
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < text.size() && static_cast<std::uint8_t>(text[i]) < 0x80) ++i;
  return i;
}

}  // namespace

std::size_t CountChars(std::string_view text) {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), IsContinuation));
}

bool IsValid(std::string_view text) {
  std::size_t bad = 0;
  while (true) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) return true;
    const std::size_t length = CharLength(text, bad);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

std::string Lossy(std::string_view bytes) {
  std::string result;
  std::size_t bad = 0;
  while (!bytes.empty()) {
    const std::size_t length = CharLength(bytes, bad);
    if (length == 0) {
      result += "\xEF\xBF\xBD";
    } else {
      result += bytes.substr(0, length);
    }
    bytes.remove_prefix(length == 0 ? bad : length);
  }
  return result;
}

}  // namespace embd::unicode
