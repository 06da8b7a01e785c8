#include "tokenizer/decoders/fuse_decoder.h"

namespace embd {

std::unique_ptr<Decoder> FuseDecoder::FromJson(const JsonValue&) {
  return std::make_unique<FuseDecoder>();
}

void FuseDecoder::Decode(std::vector<std::string>& parts) const {
  std::string joined;
  for (const std::string& part : parts) joined += part;
  parts = {joined};
}

}  // namespace embd
