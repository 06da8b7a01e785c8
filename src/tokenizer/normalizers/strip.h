#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// Strip: drops whitespace at the start, the end or both.
class StripNormalizer : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  StripNormalizer(bool left, bool right) : left_(left), right_(right) {}
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;

 private:
  bool left_;
  bool right_;
};

}  // namespace embd
