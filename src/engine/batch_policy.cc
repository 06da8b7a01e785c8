#include "engine/batch_policy.h"

#include <algorithm>

namespace embd {
namespace {

// Few tokens wait for the weights to come from memory, which each lane reads a part of: with one
// token a lane two are nearly twice as fast as one.
constexpr std::uint64_t kTokensPerLane = 1;
// What sharing a step costs in work: measured, two lanes take 9/16 of one lane's time.
constexpr std::uint64_t kSharedCostNumerator = 9;
constexpr std::uint64_t kSharedCostDenominator = 8;

struct Waiting {
  std::uint64_t tokens = 0;
  std::uint64_t workers = 1;
};

std::size_t MaxSequences(const BatchLimits& limits) {
  return std::max<std::size_t>(limits.max_sequences, 1);
}

// What each worker takes so that all take as much.
std::uint64_t Share(const Waiting& waiting) {
  return (waiting.tokens + waiting.workers - 1) / waiting.workers;
}

// Lists what may be taken, and what must be dropped.
Waiting LookThrough(const QueueView& queue, BatchChoice& choice) {
  choice.take.clear();
  choice.drop.clear();
  choice.candidates.clear();
  choice.lanes = 1;
  choice.overtaking = 0;
  Waiting waiting{.workers = static_cast<std::uint64_t>(std::max(queue.idle_workers, 0)) + 1};
  for (std::size_t i = 0; i < queue.jobs.size(); ++i) {
    if (queue.jobs[i].cancelled) {
      choice.drop.push_back(i);
    } else {
      choice.candidates.push_back(i);
      waiting.tokens += queue.jobs[i].tokens;
    }
  }
  return waiting;
}

// Tokens after which the last worker is done when each takes `share` of its own.
std::uint64_t EndOfSplit(const QueueView& queue, const BatchChoice& choice, std::uint64_t share,
                         std::uint64_t workers) {
  std::uint64_t end = 0;
  std::uint64_t load = 0;
  for (const std::size_t i : choice.candidates) {
    const std::uint64_t tokens = queue.jobs[i].tokens;
    if (load > 0 && load + tokens > share && workers > 1) {
      --workers;
      load = 0;
    }
    load += tokens;
    end = std::max(end, load);
  }
  return end;
}

// Takes from the front of the candidates what fits, the first in any case.
void TakeInOrder(const QueueView& queue, std::uint64_t max_tokens, std::size_t max_sequences,
                 BatchChoice& choice) {
  std::uint64_t tokens = 0;
  for (const std::size_t i : choice.candidates) {
    // What does not fit ends the step even where something shorter behind it would: nobody
    // overtakes in the order chosen, so nobody waits for ever.
    const std::uint64_t with = tokens + queue.jobs[i].tokens;
    if (choice.take.size() == max_sequences || (!choice.take.empty() && with > max_tokens)) break;
    choice.take.push_back(i);
    tokens = with;
  }
}

// The same from the smallest requests on. A short one is not made to wait for others than its like.
void TakeSmallest(const QueueView& queue, const BatchLimits& limits, BatchChoice& choice) {
  if (choice.candidates.empty()) return;
  const std::size_t oldest = choice.candidates.front();
  const auto later = [&](std::size_t a, std::size_t b) {
    const std::uint32_t size_a = queue.jobs[a].request_tokens;
    const std::uint32_t size_b = queue.jobs[b].request_tokens;
    return size_a != size_b ? size_a > size_b : a > b;
  };
  auto heap_end = choice.candidates.end();
  std::make_heap(choice.candidates.begin(), heap_end, later);
  std::uint64_t tokens = 0;
  bool only_short = false;
  while (heap_end != choice.candidates.begin() && choice.take.size() < MaxSequences(limits)) {
    std::pop_heap(choice.candidates.begin(), heap_end, later);
    const std::size_t i = *--heap_end;
    const QueuedJob& job = queue.jobs[i];
    if (choice.take.empty()) only_short = IsShort(job, limits);
    if (only_short && !IsShort(job, limits)) break;
    if (!choice.take.empty() && tokens + job.tokens > limits.max_tokens) break;
    choice.take.push_back(i);
    tokens += job.tokens;
  }
  std::sort(choice.take.begin(), choice.take.end());
  if (choice.take.front() != oldest) choice.overtaking = tokens;
}

// Whether all idle workers together are done sooner than each with jobs of its own.
bool ShareWins(const QueueView& queue, const BatchLimits& limits, const Waiting& waiting,
               const BatchChoice& choice) {
  const int lanes = std::min(LanesWorth(waiting.tokens, limits), queue.near_workers + 1);
  if (lanes < 2) return false;
  const std::uint64_t split = EndOfSplit(queue, choice, Share(waiting), waiting.workers);
  return waiting.tokens * kSharedCostNumerator <
         split * kSharedCostDenominator * static_cast<std::uint64_t>(lanes);
}

void TakeShared(const QueueView& queue, const BatchLimits& limits, BatchChoice& choice) {
  auto& candidates = choice.candidates;
  const std::size_t oldest = candidates.front();
  const auto is_long = [&](std::size_t i) { return !IsShort(queue.jobs[i], limits); };
  // Those who would be done soon do not wait for the others, unless they passed them before: idle
  // workers that do not get a core would otherwise let others like them pass for ever.
  if (queue.turn == Turn::kSmallest &&
      !std::all_of(candidates.begin(), candidates.end(), is_long)) {
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), is_long),
                     candidates.end());
  }
  TakeInOrder(queue, limits.max_shared_tokens, MaxSequences(limits), choice);
  std::uint64_t tokens = 0;
  for (const std::size_t i : choice.take) tokens += queue.jobs[i].tokens;
  if (choice.take.front() != oldest) choice.overtaking = tokens;
  choice.lanes = std::min(LanesWorth(tokens, limits), queue.near_workers + 1);
}

}  // namespace

bool IsShort(const QueuedJob& job, const BatchLimits& limits) {
  return job.request_tokens <= limits.short_tokens;
}

int LanesWorth(std::uint64_t tokens, const BatchLimits& limits) {
  const auto most = static_cast<std::uint64_t>(std::max(limits.max_lanes, 1));
  return static_cast<int>(std::clamp<std::uint64_t>(tokens / kTokensPerLane, 1, most));
}

void ChooseBatch(const QueueView& queue, const BatchLimits& limits, BatchChoice& choice) {
  const Waiting waiting = LookThrough(queue, choice);
  if (waiting.workers > 1 && ShareWins(queue, limits, waiting, choice)) {
    return TakeShared(queue, limits, choice);
  }
  if (waiting.tokens >= waiting.workers * limits.max_tokens) {
    if (queue.turn == Turn::kSmallest) return TakeSmallest(queue, limits, choice);
    return TakeInOrder(queue, limits.max_tokens, MaxSequences(limits), choice);
  }
  TakeInOrder(queue, Share(waiting), MaxSequences(limits), choice);
}

void ChooseLoan(const QueueView& queue, const BatchLimits& limits, BatchChoice& choice) {
  LookThrough(queue, choice);
  std::uint64_t tokens = 0;
  for (const std::size_t i : choice.candidates) {
    const QueuedJob& job = queue.jobs[i];
    if (!IsShort(job, limits)) continue;
    if (choice.take.size() == MaxSequences(limits) || tokens + job.tokens > limits.short_tokens) {
      break;
    }
    choice.take.push_back(i);
    tokens += job.tokens;
  }
  if (!choice.take.empty() && choice.take.front() != choice.candidates.front()) {
    choice.overtaking = tokens;
  }
}

}  // namespace embd
