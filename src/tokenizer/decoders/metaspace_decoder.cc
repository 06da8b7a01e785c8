#include "tokenizer/decoders/metaspace_decoder.h"

#include "tokenizer/replace_all.h"

namespace embd {

std::unique_ptr<Decoder> MetaspaceDecoder::FromJson(const JsonValue& json) {
  return std::make_unique<MetaspaceDecoder>(MetaspaceOptions::FromJson(json));
}

void MetaspaceDecoder::Decode(std::vector<std::string>& parts) const {
  for (std::string& part : parts) {
    const bool drop = &part == &parts.front() && options_.prepend != PrependScheme::kNever;
    part = ReplaceAll(part, options_.replacement, drop ? "" : " ");
  }
}

}  // namespace embd
