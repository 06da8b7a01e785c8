#include "tokenizer/byte_level_alphabet.h"

#include <cstddef>

#include "unicode/utf8.h"

namespace embd {
namespace {

constexpr std::size_t kLastChar = 0x143;

// By character: the byte, or -1.
constexpr std::array<std::int16_t, kLastChar + 1> kBytes = [] {
  std::array<std::int16_t, kLastChar + 1> bytes{};
  bytes.fill(-1);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    bytes[kByteChars[byte]] = static_cast<std::int16_t>(byte);
  }
  return bytes;
}();

}  // namespace

std::optional<std::uint8_t> ByteOf(char32_t c) {
  if (c > kLastChar || kBytes[c] < 0) return std::nullopt;
  return static_cast<std::uint8_t>(kBytes[c]);
}

std::optional<std::string> BytesOf(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const unicode::DecodedChar c = unicode::DecodeValid(text.data() + at);
    const std::optional<std::uint8_t> byte = ByteOf(c.scalar);
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
    at += c.length;
  }
  return bytes;
}

}  // namespace embd
