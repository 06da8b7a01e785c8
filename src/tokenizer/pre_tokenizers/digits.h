#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// Digits: numbers are pieces of their own, or each digit is.
class Digits : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  explicit Digits(bool individual) : individual_(individual) {}
  Result<void> PreTokenize(Segment& segment) const override;

 private:
  bool individual_;
};

}  // namespace embd
