#include "tokenizer/normalizers/nmt.h"

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<Normalizer> Nmt::FromJson(const JsonValue&) { return std::make_unique<Nmt>(); }

Result<void> Nmt::Normalize(NormalizedText& text, NormalizedText& spare) const {
  TextRewriter rewriter(text, spare);
  while (!rewriter.AtEnd()) {
    const auto [c, length] = unicode::DecodeValid(text.text.data() + rewriter.position());
    const std::uint32_t flags = unicode::CharFlags(c);
    if (flags & unicode::kNmtRemoved) {
      rewriter.Drop(length);
    } else if (flags & unicode::kNmtSpace) {
      rewriter.Put(U' ', 0);
    } else {
      rewriter.Keep(length);
    }
  }
  rewriter.Finish();
  return {};
}

}  // namespace embd
