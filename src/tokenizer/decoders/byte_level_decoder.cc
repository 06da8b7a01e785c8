#include "tokenizer/decoders/byte_level_decoder.h"

#include "tokenizer/byte_level_alphabet.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<Decoder> ByteLevelDecoder::FromJson(const JsonValue&) {
  return std::make_unique<ByteLevelDecoder>();
}

void ByteLevelDecoder::Decode(std::vector<std::string>& parts) const {
  std::string bytes;
  for (const std::string& part : parts) bytes += BytesOf(part).value_or(part);
  parts = {unicode::Lossy(bytes)};
}

}  // namespace embd
