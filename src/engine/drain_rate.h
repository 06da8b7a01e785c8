#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace embd {

// How fast something is worked off, as the last one or two seconds tell. Lock-free; any thread. Two
// threads at once may lose some of what they count: it is an estimate.
class DrainRate {
 public:
  using Clock = std::chrono::steady_clock;

  explicit DrainRate(Clock::time_point now) { Restart(now); }

  // So many are done.
  void Note(std::int64_t count, Clock::time_point now) {
    std::int64_t begin = begin_.load(std::memory_order_relaxed);
    const std::int64_t end = Ticks(now);
    if (end - begin >= kWindow &&
        begin_.compare_exchange_strong(begin, end, std::memory_order_relaxed)) {
      last_length_.store(end - begin, std::memory_order_relaxed);
      last_count_.store(count_.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
    }
    count_.fetch_add(count, std::memory_order_relaxed);
  }

  // Forgets everything: work begins now.
  void Restart(Clock::time_point now) {
    begin_.store(Ticks(now), std::memory_order_relaxed);
    count_.store(0, std::memory_order_relaxed);
    last_length_.store(0, std::memory_order_relaxed);
    last_count_.store(0, std::memory_order_relaxed);
  }

  // How long `count` more will take. While nothing at all is done, one is taken to end after as
  // long again as the work has lasted.
  std::chrono::nanoseconds TimeFor(std::int64_t count, Clock::time_point now) const {
    const std::int64_t elapsed =
        std::max<std::int64_t>(Ticks(now) - begin_.load(std::memory_order_relaxed), 0) +
        last_length_.load(std::memory_order_relaxed);
    const std::int64_t done =
        count_.load(std::memory_order_relaxed) + last_count_.load(std::memory_order_relaxed);
    const double each =
        static_cast<double>(elapsed) / static_cast<double>(std::max<std::int64_t>(done, 1));
    constexpr double kLongest = 1e18;  // ns; some 30 years
    return std::chrono::nanoseconds(
        static_cast<std::int64_t>(std::min(each * static_cast<double>(count), kLongest)));
  }

  // The same as a client that was turned away is told it: at least a second, at most a minute.
  std::chrono::seconds RetryAfter(std::int64_t count, Clock::time_point now) const {
    return std::clamp(std::chrono::ceil<std::chrono::seconds>(TimeFor(count, now)),
                      std::chrono::seconds(1), std::chrono::seconds(60));
  }

 private:
  static constexpr std::int64_t kWindow = 1'000'000'000;  // ns

  static std::int64_t Ticks(Clock::time_point time) {
    return std::chrono::nanoseconds(time.time_since_epoch()).count();
  }

  std::atomic<std::int64_t> begin_;  // of the window under way
  std::atomic<std::int64_t> count_;  // done in it
  std::atomic<std::int64_t> last_length_;
  std::atomic<std::int64_t> last_count_;
};

}  // namespace embd
