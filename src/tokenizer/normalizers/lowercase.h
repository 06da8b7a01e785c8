#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// Lowercase: each character by itself, whatever its context.
class Lowercase : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;
};

}  // namespace embd
