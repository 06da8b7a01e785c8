#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// Whitespace: runs of word characters, and runs of what is neither that nor whitespace.
class Whitespace : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  Result<void> PreTokenize(Segment& segment) const override;
};

}  // namespace embd
