#include "tokenizer/decoders/ctc_decoder.h"

#include <algorithm>
#include <utility>

#include "tokenizer/decoders/word_piece_decoder.h"
#include "tokenizer/replace_all.h"

namespace embd {

std::unique_ptr<Decoder> CtcDecoder::FromJson(const JsonValue& json) {
  return std::make_unique<CtcDecoder>(std::string(json.Get("pad_token").String()),
                                      std::string(json.Get("word_delimiter_token").String()),
                                      json.Get("cleanup").Bool());
}

CtcDecoder::CtcDecoder(std::string pad, std::string delimiter, bool cleanup)
    : pad_(std::move(pad)), delimiter_(std::move(delimiter)), cleanup_(cleanup) {}

void CtcDecoder::Decode(std::vector<std::string>& parts) const {
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  for (std::string& part : parts) {
    part = ReplaceAll(part, pad_, "");
    if (cleanup_) part = ReplaceAll(CleanUpTokenization(std::move(part)), delimiter_, " ");
  }
  std::erase(parts, "");
}

}  // namespace embd
