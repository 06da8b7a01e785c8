#include "kernels/step_barrier.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace embd {
namespace {

// Each thread writes its own plain cell and reads all others' after the barrier, which only a
// barrier that orders memory makes right (and free of races for ThreadSanitizer).
void CountTogether(int threads, int phases, bool with_sleep) {
  StepBarrier barrier(threads);
  std::vector<int> cells(static_cast<std::size_t>(threads), 0);
  std::vector<int> mistakes(static_cast<std::size_t>(threads), 0);
  const auto run = [&](std::size_t index) {
    for (int phase = 1; phase <= phases; ++phase) {
      // Late enough that the others go to sleep.
      if (with_sleep && index == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      cells[index] = phase;
      barrier.arrive_and_wait();
      for (const int cell : cells) mistakes[index] += cell != phase;
      barrier.arrive_and_wait();
    }
  };
  {
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(run, static_cast<std::size_t>(i));
    run(0);
  }
  EXPECT_EQ(mistakes, std::vector<int>(static_cast<std::size_t>(threads), 0));
}

TEST(StepBarrierTest, ThreadsSeeEachOthersWrites) {
  for (const int threads : {1, 2, 3, 5}) CountTogether(threads, 200, /*with_sleep=*/false);
}

TEST(StepBarrierTest, WakesThoseWhoSleep) { CountTogether(3, 20, /*with_sleep=*/true); }

TEST(BarrierRefTest, NoneIsNothingToWaitFor) {
  const BarrierRef none;
  none.ArriveAndWait();
  StepBarrier alone(1);
  const BarrierRef one = &alone;
  one.ArriveAndWait();
}

}  // namespace
}  // namespace embd
