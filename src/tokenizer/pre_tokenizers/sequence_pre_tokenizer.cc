#include "tokenizer/pre_tokenizers/sequence_pre_tokenizer.h"

#include <algorithm>
#include <utility>

namespace embd {

SequencePreTokenizer::SequencePreTokenizer(std::vector<std::unique_ptr<PreTokenizer>> steps)
    : steps_(std::move(steps)) {}

Result<void> SequencePreTokenizer::PreTokenize(Segment& segment) const {
  for (const std::unique_ptr<PreTokenizer>& step : steps_) {
    if (Result<void> done = step->PreTokenize(segment); !done) return done;
  }
  return {};
}

bool SequencePreTokenizer::NeedsOrigins() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const auto& step) { return step->NeedsOrigins(); });
}

}  // namespace embd
