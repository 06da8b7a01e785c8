#include "tokenizer/pre_tokenizers/punctuation.h"

#include "unicode/char_properties.h"

namespace embd {

std::unique_ptr<PreTokenizer> Punctuation::FromJson(const JsonValue& json) {
  const auto behavior = json.Find("behavior");
  return std::make_unique<Punctuation>(behavior ? SplitBehaviorFromJson(*behavior)
                                                : SplitBehavior::kIsolated);
}

Result<void> Punctuation::PreTokenize(Segment& segment) const {
  SplitOnChars(segment, behavior_,
               [](char32_t c) { return (unicode::CharFlags(c) & unicode::kBertPunctuation) != 0; });
  return {};
}

}  // namespace embd
