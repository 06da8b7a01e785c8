#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// UnicodeScripts: a new piece where the script changes. Like the reference it drops characters of
// no script at the start.
class UnicodeScripts : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  Result<void> PreTokenize(Segment& segment) const override;
};

}  // namespace embd
