#pragma once

#include <memory>
#include <string>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"
#include "tokenizer/patterns/text_pattern.h"

namespace embd {

// Replace: puts a string in the place of everything that matches.
class Replace : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  Replace(std::unique_ptr<TextPattern> pattern, std::string content);
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;

 private:
  std::unique_ptr<TextPattern> pattern_;
  std::string content_;
};

}  // namespace embd
