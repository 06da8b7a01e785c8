#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "tokenizer/patterns/text_pattern.h"

namespace embd {

// The expressions by which the byte-level tokenizers of the GPT family cut text into words, matched
// by hand in one pass. Every character belongs to exactly one match.
class GptPattern : public TextPattern {
 public:
  enum class Flavor : std::uint8_t {
    // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    kGpt2,
    // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
    // |\s*[\r\n]+|\s+(?!\S)|\s+
    kThreeDigits,  // Llama 3, cl100k
    // The same with \p{N} instead of \p{N}{1,3}.
    kOneDigit,  // Qwen
  };

  // Null when the expression is not one of them.
  static std::unique_ptr<TextPattern> ForExpression(std::string_view expression);
  explicit GptPattern(Flavor flavor) : flavor_(flavor) {}

  Result<void> FindAll(std::string_view text, std::vector<ByteRange>& matches) const override;

 private:
  Flavor flavor_;
};

}  // namespace embd
