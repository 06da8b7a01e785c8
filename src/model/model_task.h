#pragma once

#include <cstdint>

namespace embd {

// What a model is for, as its checkpoint says: one row for each input is a vector, the logits of
// several labels, or of a single one.
enum class ModelTask : std::uint8_t { kEmbedding, kClassifier, kReranker };

}  // namespace embd
