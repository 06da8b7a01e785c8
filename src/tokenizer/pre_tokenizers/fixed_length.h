#pragma once

#include <cstdint>
#include <memory>

#include "json/json_document.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// FixedLength: pieces of so many characters.
class FixedLength : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  explicit FixedLength(std::uint64_t length) : length_(length) {}
  Result<void> PreTokenize(Segment& segment) const override;

 private:
  std::uint64_t length_;
};

}  // namespace embd
