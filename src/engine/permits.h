#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

#include "engine/drain_rate.h"

namespace embd {

// Counts the inputs that are inside the server, from before tokenization until their answer is
// made. Nothing waits here: a request that does not get all its permits at once is turned away.
// Lock-free.
class Permits {
 public:
  // Returns its permits when it goes out of scope. Movable.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : permits_(std::exchange(other.permits_, nullptr)),
          count_(std::exchange(other.count_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      if (this != &other) {
        Release();
        permits_ = std::exchange(other.permits_, nullptr);
        count_ = std::exchange(other.count_, 0);
      }
      return *this;
    }
    ~Lease() { Release(); }

    explicit operator bool() const { return permits_ != nullptr; }

   private:
    friend class Permits;
    Lease(Permits* permits, std::int64_t count) : permits_(permits), count_(count) {}
    void Release() {
      if (permits_ != nullptr) permits_->Return(count_);
      permits_ = nullptr;
    }

    Permits* permits_ = nullptr;
    std::int64_t count_ = 0;
  };

  explicit Permits(std::int64_t count)
      : total_(count), available_(count), rate_(DrainRate::Clock::now()) {}

  // An empty lease when fewer than `count` are free.
  Lease TryAcquire(std::int64_t count) {
    std::int64_t free = available_.load(std::memory_order_relaxed);
    while (free >= count) {
      if (available_.compare_exchange_weak(free, free - count, std::memory_order_acquire)) {
        // What was before a pause says nothing about now.
        if (free == total_) rate_.Restart(DrainRate::Clock::now());
        return {this, count};
      }
    }
    return {};
  }

  std::int64_t available() const { return available_.load(std::memory_order_relaxed); }

  // When `count` permits are likely to be free, as permits came back in the last seconds; at least
  // a second, at most a minute.
  std::chrono::seconds RetryAfter(std::int64_t count) const {
    if (available() == total_) return std::chrono::seconds(1);  // nothing is under way
    const std::int64_t missing = std::max<std::int64_t>(count - available(), 1);
    return rate_.RetryAfter(missing, DrainRate::Clock::now());
  }

 private:
  void Return(std::int64_t count) {
    rate_.Note(count, DrainRate::Clock::now());
    available_.fetch_add(count, std::memory_order_release);
  }

  const std::int64_t total_;
  std::atomic<std::int64_t> available_;
  DrainRate rate_;
};

}  // namespace embd
