#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace embd::unicode {

struct DecodedChar {
  char32_t scalar;
  std::uint32_t length;  // bytes, 1 to 4
};

// The character that starts at `p`, which must be the start of one in valid UTF-8.
inline DecodedChar DecodeValid(const char* p) {
  const auto byte = [p](int i) { return static_cast<std::uint8_t>(p[i]); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1F) << 6 | (byte(1) & 0x3Fu), 2};
  if (first < 0xF0) {
    return {(first & 0x0F) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu), 3};
  }
  return {
      (first & 0x07) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu),
      4};
}

// Writes `c`, a scalar value, to `out` (room for 4 bytes) and returns the number of bytes.
inline std::uint32_t Encode(char32_t c, char* out) {
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xC0 | c >> 6);
    out[1] = static_cast<char>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xE0 | c >> 12);
    out[1] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out[2] = static_cast<char>(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | c >> 18);
  out[1] = static_cast<char>(0x80 | (c >> 12 & 0x3F));
  out[2] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
  out[3] = static_cast<char>(0x80 | (c & 0x3F));
  return 4;
}

inline void Append(std::string& text, char32_t c) {
  char bytes[4];
  text.append(bytes, Encode(c, bytes));
}

inline bool IsContinuation(char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) == 0x80; }

// Start of the last character of `text`, which must be valid UTF-8 and not empty.
inline std::size_t LastCharBegin(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && IsContinuation(text[begin])) --begin;
  return begin;
}

// Characters of valid UTF-8.
std::size_t CountChars(std::string_view text);

// Whether `text` is UTF-8 as Unicode defines it: no surrogates, no overlong forms, nothing above
// U+10FFFF.
bool IsValid(std::string_view text);

// `bytes` with each maximal part that cannot be UTF-8 replaced by U+FFFD.
std::string Lossy(std::string_view bytes);

}  // namespace embd::unicode
