#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// StripAccents: drops combining marks; decomposing is left to another normalizer.
class StripAccents : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;
};

}  // namespace embd
