#include "tokenizer/decoders/bpe_decoder.h"

#include "tokenizer/replace_all.h"

namespace embd {

std::unique_ptr<Decoder> BpeDecoder::FromJson(const JsonValue& json) {
  return std::make_unique<BpeDecoder>(std::string(json.Get("suffix").String()));
}

void BpeDecoder::Decode(std::vector<std::string>& parts) const {
  for (std::string& part : parts) {
    part = ReplaceAll(part, suffix_, &part == &parts.back() ? "" : " ");
  }
}

}  // namespace embd
