#include "tokenizer/pre_tokenizers/whitespace_split.h"

#include "tokenizer/split_behavior.h"
#include "unicode/char_properties.h"

namespace embd {

std::unique_ptr<PreTokenizer> WhitespaceSplit::FromJson(const JsonValue&) {
  return std::make_unique<WhitespaceSplit>();
}

Result<void> WhitespaceSplit::PreTokenize(Segment& segment) const {
  SplitOnChars(segment, SplitBehavior::kRemoved, unicode::IsWhitespace);
  return {};
}

}  // namespace embd
