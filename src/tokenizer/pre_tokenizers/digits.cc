#include "tokenizer/pre_tokenizers/digits.h"

#include "tokenizer/split_behavior.h"
#include "unicode/char_properties.h"

namespace embd {

std::unique_ptr<PreTokenizer> Digits::FromJson(const JsonValue& json) {
  return std::make_unique<Digits>(json.Get("individual_digits").Bool());
}

Result<void> Digits::PreTokenize(Segment& segment) const {
  SplitOnChars(segment, individual_ ? SplitBehavior::kIsolated : SplitBehavior::kContiguous,
               [](char32_t c) { return (unicode::CharFlags(c) & unicode::kNumeric) != 0; });
  return {};
}

}  // namespace embd
