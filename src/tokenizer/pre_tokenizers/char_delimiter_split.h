#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// CharDelimiterSplit: what is between occurrences of one character.
class CharDelimiterSplit : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  explicit CharDelimiterSplit(char32_t delimiter) : delimiter_(delimiter) {}
  Result<void> PreTokenize(Segment& segment) const override;

 private:
  char32_t delimiter_;
};

}  // namespace embd
