#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// BertPreTokenizer: words are what stands between whitespace, which is dropped; each punctuation
// character is a word of its own.
class BertPreTokenizer : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  Result<void> PreTokenize(Segment& segment) const override;
};

}  // namespace embd
