#include "tokenizer/normalizers/byte_level_normalizer.h"

#include "tokenizer/byte_level_alphabet.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<Normalizer> ByteLevelNormalizer::FromJson(const JsonValue&) {
  return std::make_unique<ByteLevelNormalizer>();
}

Result<void> ByteLevelNormalizer::Normalize(NormalizedText& text, NormalizedText& spare) const {
  TextRewriter rewriter(text, spare);
  for (const char byte : text.text) {
    rewriter.Put(kByteChars[static_cast<std::uint8_t>(byte)],
                 unicode::IsContinuation(byte) ? 1 : 0);
  }
  rewriter.Finish();
  return {};
}

}  // namespace embd
