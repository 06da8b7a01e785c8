#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace embd {

// A queued job as the policy sees it.
struct QueuedJob {
  std::uint32_t tokens = 0;
  bool cancelled = false;
};

struct BatchLimits {
  std::uint32_t max_tokens = 0;     // of one step; a single longer job still goes alone
  std::uint32_t max_sequences = 0;  // of one step
};

// Which jobs make the next step, by index into the queue, each list in queue order.
struct BatchChoice {
  std::vector<std::size_t> take;
  std::vector<std::size_t> drop;  // cancelled: to be answered without being run
};

// Chooses the next step from the queue, oldest first. A pure function: no clock, no threads. When
// `idle_workers` others wait for work (this one not counted) and the queue holds less than a full
// step for each, it is shared out evenly, so that no core idles while another has all the work.
// `choice` is cleared and filled; it keeps its capacity, so that steady use does not allocate.
void ChooseBatch(std::span<const QueuedJob> queue, const BatchLimits& limits, int idle_workers,
                 BatchChoice& choice);

}  // namespace embd
