#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"
#include "tokenizer/split_behavior.h"

namespace embd {

// Punctuation: splits at each ASCII or Unicode punctuation character.
class Punctuation : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  explicit Punctuation(SplitBehavior behavior) : behavior_(behavior) {}
  Result<void> PreTokenize(Segment& segment) const override;

 private:
  SplitBehavior behavior_;
};

}  // namespace embd
