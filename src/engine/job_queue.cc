#include "engine/job_queue.h"

#include <algorithm>
#include <utility>

namespace embd {

JobQueue::JobQueue(std::size_t capacity, const BatchLimits& limits)
    : limits_(limits), slots_(capacity) {
  order_.reserve(capacity);
  view_.reserve(capacity);
  free_.reserve(capacity);
  for (std::size_t i = capacity; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

bool JobQueue::TryPush(Job& job) {
  if (free_.empty()) return false;
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  view_.push_back({.tokens = static_cast<std::uint32_t>(job.ids.size()),
                   .request_tokens = RequestTokens(job),
                   .cancelled = false});
  short_jobs_ += IsShort(view_.back(), limits_) ? 1 : 0;
  slots_[slot] = std::move(job);
  order_.push_back(slot);
  return true;
}

std::span<const QueuedJob> JobQueue::View() {
  for (std::size_t i = 0; i < order_.size(); ++i) {
    view_[i].cancelled = slots_[order_[i]].cancellation.cancelled();
  }
  return view_;
}

void JobQueue::Take(const BatchChoice& choice, std::vector<Job>& taken, std::vector<Job>& dropped) {
  auto take = choice.take.begin();
  auto drop = choice.drop.begin();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    if (take != choice.take.end() && *take == i) {
      Release(i, taken);
      ++take;
    } else if (drop != choice.drop.end() && *drop == i) {
      Release(i, dropped);
      ++drop;
    } else {
      order_[kept] = order_[i];
      view_[kept] = view_[i];
      ++kept;
    }
  }
  order_.resize(kept);
  view_.resize(kept);
}

void JobQueue::Release(std::size_t index, std::vector<Job>& to) {
  short_jobs_ -= IsShort(view_[index], limits_) ? 1 : 0;
  to.push_back(std::move(slots_[order_[index]]));
  free_.push_back(order_[index]);
}

std::size_t JobQueue::ResidentBytes(std::size_t capacity) {
  return capacity * (sizeof(Job) + 2 * sizeof(std::uint32_t) + sizeof(QueuedJob));
}

}  // namespace embd
