#include "tokenizer/normalizers/lowercase.h"

#include <cstddef>

#include "unicode/normalization.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<Normalizer> Lowercase::FromJson(const JsonValue&) {
  return std::make_unique<Lowercase>();
}

Result<void> Lowercase::Normalize(NormalizedText& text, NormalizedText& spare) const {
  TextRewriter rewriter(text, spare);
  while (!rewriter.AtEnd()) {
    const auto [c, length] = unicode::DecodeValid(text.text.data() + rewriter.position());
    const std::u32string_view lower = unicode::LowercaseOf(c);
    if (lower.empty()) rewriter.Keep(length);
    for (std::size_t i = 0; i < lower.size(); ++i) rewriter.Put(lower[i], i == 0 ? 0 : 1);
  }
  rewriter.Finish();
  return {};
}

}  // namespace embd
