#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace embd {

// A queued job as the policy sees it.
struct QueuedJob {
  std::uint32_t tokens = 0;
  std::uint32_t request_tokens = 0;  // of the whole request that it is a part of, at least those
  bool cancelled = false;
};

struct BatchLimits {
  std::uint32_t max_tokens = 0;     // of one worker's step; a single longer job still goes alone
  std::uint32_t max_sequences = 0;  // of any step
  // A request of at most so many tokens is short: it may be put in front of everything.
  std::uint32_t short_tokens = 0;
  // Of a step that several workers share, and how many of them may.
  std::uint32_t max_shared_tokens = 0;
  int max_lanes = 1;
};

// Who goes first when not all that waits fits into the next step.
enum class Turn : std::uint8_t { kOldest, kSmallest };

// Everything that the choice depends on.
struct QueueView {
  std::span<const QueuedJob> jobs;  // oldest first
  int idle_workers = 0;             // others that wait for work, and
  int near_workers = 0;             // those of them that could share a step with this one
  Turn turn = Turn::kOldest;
};

// Which jobs make the next step, by index into the queue, each list in queue order.
struct BatchChoice {
  std::vector<std::size_t> take;
  std::vector<std::size_t> drop;  // cancelled: to be answered without being run
  int lanes = 1;                  // workers that should share the step, this one included
  std::uint64_t overtaking = 0;   // tokens in `take` if the oldest job is not among them, else 0
  std::vector<std::size_t> candidates;  // scratch
};

// Chooses the next step of one worker. Pure: no clock, no threads.
//
// While less waits than would fill every worker's step, the work is divided among all idle workers
// in the way that ends first: each takes jobs of its own, or, where jobs are too few or too unequal
// for that, all share one step. Once every worker has enough, each fills its step with jobs of its
// own, by turns: the oldest jobs, or those of the smallest requests. So a small request passes what
// a large one has queued, and a large one moves on all the same.
//
// `choice` is cleared and filled; it keeps its capacity, so that steady use does not allocate.
void ChooseBatch(const QueueView& queue, const BatchLimits& limits, BatchChoice& choice);

// Chooses short requests for a step that is put in between the operations of one under way.
void ChooseLoan(const QueueView& queue, const BatchLimits& limits, BatchChoice& choice);

bool IsShort(const QueuedJob& job, const BatchLimits& limits);

// How many workers a step of so many tokens is worth.
int LanesWorth(std::uint64_t tokens, const BatchLimits& limits);

// Keeps overtaking within about half of the work: what went out of turn must be made up for in
// order of arrival before more may. Not for several threads.
class TurnAccount {
 public:
  // `credit`: tokens of a full step. A step in order makes up for at least so many, even if what
  // came next did not fit into it.
  explicit TurnAccount(std::uint64_t credit) : credit_(credit) {}

  Turn turn() const { return owed_ > 0 ? Turn::kOldest : Turn::kSmallest; }
  // A loan need not wait for the turn, up to some steps' worth: it is short, and so is who pays.
  bool may_lend() const { return owed_ < kLoans * credit_; }

  void Overtook(std::uint64_t tokens) { owed_ += tokens; }
  void StepInOrder(std::uint64_t tokens) { Pay(tokens == 0 ? 0 : std::max(tokens, credit_)); }
  void LoanInOrder(std::uint64_t tokens) { Pay(tokens); }
  // Nobody waits any more.
  void Clear() { owed_ = 0; }

 private:
  static constexpr std::uint64_t kLoans = 4;

  void Pay(std::uint64_t tokens) { owed_ -= std::min(owed_, tokens); }

  std::uint64_t credit_;
  std::uint64_t owed_ = 0;
};

}  // namespace embd
