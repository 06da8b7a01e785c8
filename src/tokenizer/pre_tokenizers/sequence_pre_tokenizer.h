#pragma once

#include <memory>
#include <vector>

#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// Sequence: one pre-tokenizer after the other, each splitting the pieces of those before.
class SequencePreTokenizer : public PreTokenizer {
 public:
  explicit SequencePreTokenizer(std::vector<std::unique_ptr<PreTokenizer>> steps);
  Result<void> PreTokenize(Segment& segment) const override;
  bool NeedsOrigins() const override;
  bool EndsWithByteChars() const override {
    return !steps_.empty() && steps_.back()->EndsWithByteChars();
  }
  void KeepBytes() override {
    if (!steps_.empty()) steps_.back()->KeepBytes();
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> steps_;
};

}  // namespace embd
