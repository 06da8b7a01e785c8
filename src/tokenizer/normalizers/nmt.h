#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// Nmt: drops some control characters and makes some others, and odd spaces, a space.
class Nmt : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;
};

}  // namespace embd
