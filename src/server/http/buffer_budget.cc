#include "server/http/buffer_budget.h"

#include <algorithm>

namespace embd::http {

// Whether `lease`, whose turn it is, may have `bytes` more.
bool BufferBudget::Fits(const BufferLease& lease, std::size_t bytes) {
  if (used_ + bytes <= limit_ || overdrawn_ == &lease) return true;
  if (overdrawn_ != nullptr) return false;
  overdrawn_ = &lease;
  return true;
}

bool BufferBudget::TryTake(const BufferLease& lease, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!line_.empty() && overdrawn_ != &lease) return false;
  if (!Fits(lease, bytes)) return false;
  used_ += bytes;
  return true;
}

void BufferBudget::Charge(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  used_ += bytes;
}

void BufferBudget::Release(const BufferLease& lease, std::size_t bytes, bool all) {
  const std::lock_guard lock(mutex_);
  used_ -= bytes;
  if (overdrawn_ == &lease && (all || used_ <= limit_)) overdrawn_ = nullptr;
  ServeLine();
}

void BufferBudget::ServeLine() {
  while (!line_.empty() && Fits(*line_.front()->lease, line_.front()->bytes)) {
    Waiter& waiter = *line_.front();
    line_.pop_front();
    used_ += waiter.bytes;
    waiter.lease->bytes_ += waiter.bytes;
    waiter.granted();  // the waiter may be gone from here on
  }
}

void BufferBudget::Wait(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  line_.push_back(&waiter);
  ServeLine();
}

bool BufferBudget::Forget(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  const auto place = std::find(line_.begin(), line_.end(), &waiter);
  if (place == line_.end()) return false;
  line_.erase(place);
  ServeLine();
  return true;
}

bool BufferBudget::contended() const {
  const std::lock_guard lock(mutex_);
  return !line_.empty();
}

std::size_t BufferBudget::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

bool BufferLease::TryGrow(std::size_t bytes) {
  if (!budget_.TryTake(*this, bytes)) return false;
  bytes_ += bytes;
  return true;
}

void BufferLease::Charge(std::size_t bytes) {
  budget_.Charge(bytes);
  bytes_ += bytes;
}

void BufferLease::Shrink(std::size_t bytes) {
  bytes = std::min(bytes, bytes_);
  bytes_ -= bytes;
  budget_.Release(*this, bytes, bytes_ == 0);
}

void BufferLease::Clear() {
  if (bytes_ > 0) Shrink(bytes_);
}

}  // namespace embd::http
