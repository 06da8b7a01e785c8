#include "tokenizer/normalizers/strip_accents.h"

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<Normalizer> StripAccents::FromJson(const JsonValue&) {
  return std::make_unique<StripAccents>();
}

Result<void> StripAccents::Normalize(NormalizedText& text, NormalizedText& spare) const {
  TextRewriter rewriter(text, spare);
  while (!rewriter.AtEnd()) {
    const auto [c, length] = unicode::DecodeValid(text.text.data() + rewriter.position());
    if (unicode::CharFlags(c) & unicode::kCombiningMark) {
      rewriter.Drop(length);
    } else {
      rewriter.Keep(length);
    }
  }
  rewriter.Finish();
  return {};
}

}  // namespace embd
