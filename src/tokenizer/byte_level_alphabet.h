#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace embd {

// GPT-2's way to write bytes as visible characters: printable Latin-1 stands for itself, the other
// bytes for U+0100 and up, in order.
inline constexpr std::array<char32_t, 256> kByteChars = [] {
  std::array<char32_t, 256> chars{};
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
    chars[byte] = printable ? byte : next++;
  }
  return chars;
}();

// The byte that `c` stands for.
std::optional<std::uint8_t> ByteOf(char32_t c);

// The bytes that the characters of `text`, valid UTF-8, stand for; nothing when one of them stands
// for none.
std::optional<std::string> BytesOf(std::string_view text);

}  // namespace embd
