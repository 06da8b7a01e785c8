#include "tokenizer/pre_tokenizers/char_delimiter_split.h"

#include "tokenizer/json_char.h"
#include "tokenizer/split_behavior.h"

namespace embd {

std::unique_ptr<PreTokenizer> CharDelimiterSplit::FromJson(const JsonValue& json) {
  return std::make_unique<CharDelimiterSplit>(CharFromJson(json.Get("delimiter")));
}

Result<void> CharDelimiterSplit::PreTokenize(Segment& segment) const {
  SplitOnChars(segment, SplitBehavior::kRemoved,
               [delimiter = delimiter_](char32_t c) { return c == delimiter; });
  return {};
}

}  // namespace embd
