#include "tokenizer/normalizers/prepend.h"

namespace embd {

std::unique_ptr<Normalizer> Prepend::FromJson(const JsonValue& json) {
  return std::make_unique<Prepend>(std::string(json.Get("prepend").String()));
}

Result<void> Prepend::Normalize(NormalizedText& text, NormalizedText& spare) const {
  if (text.text.empty()) return {};
  TextRewriter rewriter(text, spare);
  rewriter.InsertBeforeNext(prefix_);
  rewriter.Keep(text.text.size());
  rewriter.Finish();
  return {};
}

}  // namespace embd
