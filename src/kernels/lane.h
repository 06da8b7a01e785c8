#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/step_barrier.h"
#include "tensor/arena.h"

namespace embd {

// One thread's part in a step. Every thread of a step runs the same forward pass over the same
// activations; inside an operation it computes only its share and then waits for the others.
// With one lane (each core running whole sequences of its own) nothing is split and nothing waits.
struct Lane {
  int index = 0;
  int count = 1;
  // Of `count` threads. With one lane: none, or a pause between operations, in which the engine may
  // run something short.
  BarrierRef barrier = nullptr;
  Arena* scratch = nullptr;  // this thread's own, for use inside one operation

  // Returns once every lane of the step has arrived here; what they wrote before is then visible.
  void Sync() const { barrier.ArriveAndWait(); }

  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  // This lane's part of `items`, cut at multiples of `grain` so that a tile is never split.
  Range Share(std::int64_t items, std::int64_t grain = 1) const {
    const std::int64_t grains = (items + grain - 1) / grain;
    const std::int64_t begin = grains * index / count * grain;
    const std::int64_t end = grains * (index + 1) / count * grain;
    return {std::min(begin, items), std::min(end, items)};
  }
};

}  // namespace embd
