#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// Sequence: one normalizer after the other.
class SequenceNormalizer : public Normalizer {
 public:
  explicit SequenceNormalizer(std::vector<std::unique_ptr<Normalizer>> steps);
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;
  std::size_t resident_bytes() const override;

 private:
  std::vector<std::unique_ptr<Normalizer>> steps_;
};

}  // namespace embd
