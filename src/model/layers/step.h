#pragma once

#include "kernels/backend.h"
#include "model/packed_batch.h"
#include "tensor/arena.h"

namespace embd {

// What every layer of one forward pass works with; lives on the stack of Forward.
struct Step {
  const Backend& backend;
  const PackedBatch& batch;
  Arena& activations;
  const Lane& lane;
};

}  // namespace embd
