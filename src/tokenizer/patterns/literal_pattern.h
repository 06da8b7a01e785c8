#pragma once

#include <string>

#include "tokenizer/patterns/text_pattern.h"

namespace embd {

// A string, not empty, to be found as it is.
class LiteralPattern : public TextPattern {
 public:
  explicit LiteralPattern(std::string literal) : literal_(std::move(literal)) {}
  Result<void> FindAll(std::string_view text, std::vector<ByteRange>& matches) const override;

 private:
  std::string literal_;
};

}  // namespace embd
