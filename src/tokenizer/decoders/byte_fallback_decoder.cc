#include "tokenizer/decoders/byte_fallback_decoder.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "unicode/utf8.h"

namespace embd {
namespace {

// The byte of a token like <0x61>.
std::optional<char> FallbackByte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>')) return std::nullopt;
  std::string_view digits = token.substr(3, 2);
  if (digits[0] == '+') digits.remove_prefix(1);  // the reference's number parser takes a sign
  std::uint8_t byte = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<char>(byte);
}

}  // namespace

std::unique_ptr<Decoder> ByteFallbackDecoder::FromJson(const JsonValue&) {
  return std::make_unique<ByteFallbackDecoder>();
}

void ByteFallbackDecoder::Decode(std::vector<std::string>& parts) const {
  std::vector<std::string> result;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (unicode::IsValid(bytes)) {
      result.push_back(bytes);
    } else {
      result.insert(result.end(), bytes.size(), "\uFFFD");
    }
    bytes.clear();
  };
  for (std::string& part : parts) {
    if (const std::optional<char> byte = FallbackByte(part)) {
      bytes += *byte;
    } else {
      flush();
      result.push_back(std::move(part));
    }
  }
  flush();
  parts = std::move(result);
}

}  // namespace embd
