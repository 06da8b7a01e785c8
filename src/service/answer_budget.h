#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "base/result.h"
#include "engine/drain_rate.h"
#include "engine/job.h"
#include "telemetry/metrics.h"

namespace embd {

// Rows of up to so many bytes have their place in the memory plan, one for each permit. They count
// against no budget.
inline constexpr std::size_t kPlannedRowBytes = std::size_t{16} << 10U;

// Bounds the bytes of large answers while they are gathered: hidden states of every token, vectors
// as long as the vocabulary, tokens with their texts. What does not fit is turned away, except that
// an answer which is the only one may go beyond: else it could never be given. Any thread.
class AnswerBudget {
 public:
  // What one request holds. Gives it back at its end, if not before.
  class Lease {
   public:
    explicit Lease(AnswerBudget& budget) : budget_(budget) {}
    ~Lease() { GiveBack(); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // Makes sure of so many bytes more. kOverloaded when they do not fit, with when they are
    // likely to.
    Result<void> Reserve(std::size_t bytes) {
      const std::lock_guard lock(budget_.mutex_);
      if (budget_.used_ + bytes > budget_.limit_ && budget_.used_ != held_) {
        return budget_.Full(budget_.used_ + bytes - budget_.limit_);
      }
      budget_.Add(bytes);
      held_ += bytes;
      return {};
    }

    void GiveBack() {
      const std::lock_guard lock(budget_.mutex_);
      if (held_ > 0) budget_.Remove(held_);
      held_ = 0;
    }

   private:
    AnswerBudget& budget_;
    std::size_t held_ = 0;  // guarded by the budget's mutex
  };

  // `shown`, which must outlive the budget, shows what is in use.
  AnswerBudget(std::size_t limit, Gauge& shown)
      : limit_(limit), shown_(shown), rate_(DrainRate::Clock::now()) {}

 private:
  // All under the mutex.
  void Add(std::size_t bytes) {
    // What was before a pause says nothing about now.
    if (used_ == 0) rate_.Restart(DrainRate::Clock::now());
    used_ += bytes;
    shown_.Set(static_cast<double>(used_));
  }
  void Remove(std::size_t bytes) {
    rate_.Note(static_cast<std::int64_t>(bytes), DrainRate::Clock::now());
    used_ -= bytes;
    shown_.Set(static_cast<double>(used_));
  }
  Error Full(std::size_t missing) const {
    return OverloadedError(
        rate_.RetryAfter(static_cast<std::int64_t>(missing), DrainRate::Clock::now()));
  }

  const std::size_t limit_;
  Gauge& shown_;
  std::mutex mutex_;
  std::size_t used_ = 0;
  DrainRate rate_;  // of bytes
};

}  // namespace embd
