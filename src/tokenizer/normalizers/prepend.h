#pragma once

#include <memory>
#include <string>
#include <utility>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// Prepend: a string before every text that is not empty.
class Prepend : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;

 private:
  std::string prefix_;
};

}  // namespace embd
