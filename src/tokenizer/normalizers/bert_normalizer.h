#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// BertNormalizer: drops control characters and makes all whitespace a space (clean_text), puts
// spaces around Chinese characters, strips accents (NFD without nonspacing marks; by default when
// it lowercases), lowercases.
class BertNormalizer : public Normalizer {
 public:
  struct Options {
    bool clean_text = true;
    bool handle_chinese_chars = true;
    std::optional<bool> strip_accents;
    bool lowercase = true;
  };

  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  explicit BertNormalizer(const Options& options);

  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;
  // The same, one step after the other as the definition has it: the slow way out for the rare text
  // in which marks that stay must be reordered, and the oracle of the tests.
  void NormalizeInSteps(NormalizedText& text, NormalizedText& spare) const;

 private:
  class Pass;

  bool clean_text_;
  bool handle_chinese_chars_;
  bool strip_accents_;
  bool lowercase_;
  std::array<char, 128> ascii_{};  // what becomes of an ASCII character...
  std::array<bool, 128> kept_{};   // ...that is not dropped
};

}  // namespace embd
