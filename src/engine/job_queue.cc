#include "engine/job_queue.h"

#include <utility>

namespace embd {

JobQueue::JobQueue(std::size_t capacity) : slots_(capacity) {
  order_.reserve(capacity);
  view_.reserve(capacity);
  free_.reserve(capacity);
  for (std::size_t i = capacity; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

bool JobQueue::TryPush(Job& job) {
  if (free_.empty()) return false;
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  view_.push_back({.tokens = static_cast<std::uint32_t>(job.ids.size()), .cancelled = false});
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
    const std::uint32_t slot = order_[i];
    if (take != choice.take.end() && *take == i) {
      taken.push_back(std::move(slots_[slot]));
      free_.push_back(slot);
      ++take;
    } else if (drop != choice.drop.end() && *drop == i) {
      dropped.push_back(std::move(slots_[slot]));
      free_.push_back(slot);
      ++drop;
    } else {
      order_[kept] = slot;
      view_[kept] = view_[i];
      ++kept;
    }
  }
  order_.resize(kept);
  view_.resize(kept);
}

std::size_t JobQueue::ResidentBytes(std::size_t capacity) {
  return capacity * (sizeof(Job) + 2 * sizeof(std::uint32_t) + sizeof(QueuedJob));
}

}  // namespace embd
