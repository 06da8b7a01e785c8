#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/patterns/text_pattern.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"
#include "tokenizer/split_behavior.h"

namespace embd {

// Split: splits at the matches of a string or an expression, or (invert) at what is between them.
class Split : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  Split(std::unique_ptr<TextPattern> pattern, SplitBehavior behavior, bool invert);
  Result<void> PreTokenize(Segment& segment) const override;

 private:
  std::unique_ptr<TextPattern> pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

}  // namespace embd
