#include "engine/batch_policy.h"

#include <algorithm>

namespace embd {
namespace {

// Tokens that this worker should take at most, so that each waiting worker gets as much.
std::uint64_t FairShare(std::span<const QueuedJob> queue, const BatchLimits& limits,
                        int idle_workers) {
  if (idle_workers <= 0) return limits.max_tokens;
  const auto workers = static_cast<std::uint64_t>(idle_workers) + 1;
  const std::uint64_t enough = workers * limits.max_tokens;
  std::uint64_t waiting = 0;
  for (const QueuedJob& job : queue) {
    if (!job.cancelled) waiting += job.tokens;
    if (waiting >= enough) return limits.max_tokens;
  }
  return (waiting + workers - 1) / workers;
}

}  // namespace

void ChooseBatch(std::span<const QueuedJob> queue, const BatchLimits& limits, int idle_workers,
                 BatchChoice& choice) {
  choice.take.clear();
  choice.drop.clear();
  const std::uint64_t share = FairShare(queue, limits, idle_workers);
  const std::size_t max_sequences = std::max<std::size_t>(limits.max_sequences, 1);
  std::uint64_t tokens = 0;
  bool full = false;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (queue[i].cancelled) {
      choice.drop.push_back(i);
      continue;
    }
    // What does not fit ends the step even where something shorter behind it would: nobody
    // overtakes, so nobody waits for ever.
    full = full || choice.take.size() == max_sequences ||
           (!choice.take.empty() && tokens + queue[i].tokens > share);
    if (full) continue;
    choice.take.push_back(i);
    tokens += queue[i].tokens;
  }
}

}  // namespace embd
