#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// ByteLevel: every byte becomes the character that stands for it (byte_level_alphabet.h).
class ByteLevelNormalizer : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;
};

}  // namespace embd
