#include "tokenizer/normalizers/sequence_normalizer.h"

#include <utility>

namespace embd {

SequenceNormalizer::SequenceNormalizer(std::vector<std::unique_ptr<Normalizer>> steps)
    : steps_(std::move(steps)) {}

Result<void> SequenceNormalizer::Normalize(NormalizedText& text, NormalizedText& spare) const {
  for (const std::unique_ptr<Normalizer>& step : steps_) {
    if (Result<void> done = step->Normalize(text, spare); !done) return done;
  }
  return {};
}

std::size_t SequenceNormalizer::resident_bytes() const {
  std::size_t bytes = 0;
  for (const std::unique_ptr<Normalizer>& step : steps_) bytes += step->resident_bytes();
  return bytes;
}

}  // namespace embd
