#include "tokenizer/pre_tokenizers/split.h"

#include <utility>

namespace embd {

std::unique_ptr<PreTokenizer> Split::FromJson(const JsonValue& json) {
  return std::make_unique<Split>(TextPattern::FromJson(json.Get("pattern")),
                                 SplitBehaviorFromJson(json.Get("behavior")),
                                 json.Get("invert").Bool());
}

Split::Split(std::unique_ptr<TextPattern> pattern, SplitBehavior behavior, bool invert)
    : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

Result<void> Split::PreTokenize(Segment& segment) const {
  return SplitOnMatches(segment, *pattern_, behavior_, invert_);
}

}  // namespace embd
