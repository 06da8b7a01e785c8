#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/batch_policy.h"
#include "engine/job.h"

namespace embd {

// The scheduler's waiting jobs in order of arrival, any of which may be taken out. All memory is
// allocated at construction. Not safe for several threads: the scheduler locks.
class JobQueue {
 public:
  explicit JobQueue(std::size_t capacity, const BatchLimits& limits = {});

  // False, leaving `job` untouched, when the queue is full.
  bool TryPush(Job& job);

  // The queue as the policy sees it, oldest first, with cancellations up to date. Valid until the
  // next change.
  std::span<const QueuedJob> View();

  // Moves the jobs that `choice` names (indices into View) to the end of `taken` and `dropped`.
  void Take(const BatchChoice& choice, std::vector<Job>& taken, std::vector<Job>& dropped);

  std::size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }
  // Jobs of short requests, cancelled or not.
  std::size_t short_jobs() const { return short_jobs_; }

  // Bytes of a queue of this capacity, what the jobs themselves own not counted.
  static std::size_t ResidentBytes(std::size_t capacity);

 private:
  void Release(std::size_t index, std::vector<Job>& to);

  const BatchLimits limits_;
  std::size_t short_jobs_ = 0;
  std::vector<Job> slots_;
  std::vector<std::uint32_t> free_;   // slots without a job
  std::vector<std::uint32_t> order_;  // slots in order of arrival
  std::vector<QueuedJob> view_;       // parallel to order_
};

}  // namespace embd
