#include "tokenizer/decoders/strip_decoder.h"

#include <limits>
#include <string_view>

#include "tokenizer/json_char.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<Decoder> StripDecoder::FromJson(const JsonValue& json) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  return std::make_unique<StripDecoder>(
      CharFromJson(json.Get("content")),
      static_cast<std::uint64_t>(json.Get("start").Integer(0, kMax)),
      static_cast<std::uint64_t>(json.Get("stop").Integer(0, kMax)));
}

StripDecoder::StripDecoder(char32_t content, std::uint64_t start, std::uint64_t stop)
    : start_(start), stop_(stop) {
  unicode::Append(content_, content);
}

void StripDecoder::Decode(std::vector<std::string>& parts) const {
  for (std::string& part : parts) {
    std::string_view rest = part;
    for (std::uint64_t i = 0; i < start_ && rest.starts_with(content_); ++i) {
      rest.remove_prefix(content_.size());
    }
    for (std::uint64_t i = 0; i < stop_ && rest.ends_with(content_); ++i) {
      rest.remove_suffix(content_.size());
    }
    part = std::string(rest);
  }
}

}  // namespace embd
