#include "tokenizer/decoders/replace_decoder.h"

#include <utility>

namespace embd {

std::unique_ptr<Decoder> ReplaceDecoder::FromJson(const JsonValue& json) {
  return std::make_unique<ReplaceDecoder>(TextPattern::FromJson(json.Get("pattern")),
                                          std::string(json.Get("content").String()));
}

ReplaceDecoder::ReplaceDecoder(std::unique_ptr<TextPattern> pattern, std::string content)
    : pattern_(std::move(pattern)), content_(std::move(content)) {}

void ReplaceDecoder::Decode(std::vector<std::string>& parts) const {
  std::vector<ByteRange> matches;
  for (std::string& part : parts) {
    matches.clear();
    // A part that takes the expression too many steps stays as it is.
    if (!pattern_->FindAll(part, matches)) continue;
    std::string result;
    std::size_t done = 0;
    for (const ByteRange& match : matches) {
      result.append(part, done, match.begin - done);
      result += content_;
      done = match.end;
    }
    result.append(part, done);
    part = std::move(result);
  }
}

}  // namespace embd
