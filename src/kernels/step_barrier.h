#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace embd {

// Where the threads of one step meet, some fifty times a step and mostly within microseconds of
// each other: so a thread that arrives early looks around for a while before it sleeps. Sleeping
// at once, as std::barrier does, costs 20 us each time: a millisecond for a step of two. Where
// threads lack a core of their own looking is wasted, so one that had to sleep in the end looks
// half as long the next time, and one that had not twice as long.
class StepBarrier {
 public:
  explicit StepBarrier(int threads) : threads_(threads), missing_(threads) {}

  // Returns once all threads have called it; what they wrote before is then visible.
  void arrive_and_wait();

 private:
  const int threads_;
  std::atomic<int> missing_;
  std::atomic<std::uint32_t> phase_ = 0;
  std::atomic<int> patience_us_ = 100;
};

// Any barrier with arrive_and_wait(), or none. Does not own.
class BarrierRef {
 public:
  BarrierRef(std::nullptr_t = nullptr) {}  // NOLINT(google-explicit-constructor)
  template <typename Barrier>
  BarrierRef(Barrier* barrier)  // NOLINT(google-explicit-constructor)
      : barrier_(barrier),
        wait_([](void* self) { static_cast<Barrier*>(self)->arrive_and_wait(); }) {}

  void ArriveAndWait() const {
    if (barrier_ != nullptr) wait_(barrier_);
  }

 private:
  void* barrier_ = nullptr;
  void (*wait_)(void*) = nullptr;
};

}  // namespace embd
