#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace embd {

// What each thread of a group is doing, for others to see without waiting: when its current piece
// of work began, and whether it is still there. Lock-free; one writer a slot, any readers.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Progress(std::size_t threads)
      : begun_(std::make_unique<std::atomic<std::int64_t>[]>(threads)), threads_(threads) {
    for (std::size_t i = 0; i < threads; ++i) begun_[i].store(kIdle, std::memory_order_relaxed);
  }

  void Begin(std::size_t thread, Clock::time_point now) {
    begun_[thread].store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  void End(std::size_t thread) { begun_[thread].store(kIdle, std::memory_order_relaxed); }
  // The thread ends though nobody asked it to.
  void Lost(std::size_t thread) { begun_[thread].store(kLost, std::memory_order_relaxed); }

  bool AnyLost() const {
    for (std::size_t i = 0; i < threads_; ++i) {
      if (begun_[i].load(std::memory_order_relaxed) == kLost) return true;
    }
    return false;
  }

  // Whether a thread has been at one piece of work for longer than `limit`.
  bool AnyBusyFor(Clock::duration limit, Clock::time_point now) const {
    for (std::size_t i = 0; i < threads_; ++i) {
      const std::int64_t begun = begun_[i].load(std::memory_order_relaxed);
      if (begun >= 0 && (now.time_since_epoch() - Clock::duration(begun)) > limit) return true;
    }
    return false;
  }

 private:
  static constexpr std::int64_t kIdle = -1;
  static constexpr std::int64_t kLost = -2;

  std::unique_ptr<std::atomic<std::int64_t>[]> begun_;  // the clock's count, or one of the above
  std::size_t threads_;
};

}  // namespace embd
