#include "server/http/base64.h"

#include <cstdint>
#include <string_view>

namespace embd::http {

void AppendBase64(std::string& out, std::span<const std::byte> bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data() + begin;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < count; ++k) {
      group |= std::to_integer<std::uint32_t>(bytes[i + k]) << (16 - 8 * k);
    }
    for (std::size_t k = 0; k <= count; ++k) to[k] = kAlphabet[group >> (18 - 6 * k) & 63U];
    to += 4;
  }
}

}  // namespace embd::http
