#pragma once

#include <cstdint>
#include <span>

namespace embd {

// The sequences of one step laid end to end, without padding. Views into buffers of the step.
struct PackedBatch {
  std::span<const std::uint32_t> ids;           // [tokens], each below the vocabulary's size
  std::span<const std::uint32_t> type_ids;      // [tokens], each below the number of types
  std::span<const std::uint32_t> position_ids;  // [tokens], counted from 0 in each sequence
  std::span<const std::uint32_t> offsets;  // [sequences + 1], from 0 to tokens, strictly increasing

  std::int64_t tokens() const { return static_cast<std::int64_t>(ids.size()); }
  std::int64_t sequences() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
};

// The largest step that will ever run; all memory of a step is sized from it.
struct StepLimits {
  std::int64_t max_tokens = 0;
  std::int64_t max_sequences = 0;
  std::int64_t max_sequence_tokens = 0;
};

}  // namespace embd
