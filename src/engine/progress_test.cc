#include "engine/progress.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

using namespace std::chrono_literals;

constexpr Progress::Clock::time_point kStart{100s};

TEST(ProgressTest, IdleThreadsAreNeverStuck) {
  const Progress progress(2);
  EXPECT_FALSE(progress.AnyBusyFor(0s, kStart + 1h));
  EXPECT_FALSE(progress.AnyLost());
}

TEST(ProgressTest, OneBusyThreadShows) {
  Progress progress(2);
  progress.Begin(1, kStart);
  EXPECT_FALSE(progress.AnyBusyFor(10s, kStart + 10s));
  EXPECT_TRUE(progress.AnyBusyFor(10s, kStart + 11s));
  progress.Begin(1, kStart + 11s);
  EXPECT_FALSE(progress.AnyBusyFor(10s, kStart + 12s));
  progress.End(1);
  EXPECT_FALSE(progress.AnyBusyFor(10s, kStart + 1h));
}

TEST(ProgressTest, ALostThreadShowsAndIsNotBusy) {
  Progress progress(2);
  progress.Begin(0, kStart);
  progress.Lost(0);
  EXPECT_TRUE(progress.AnyLost());
  EXPECT_FALSE(progress.AnyBusyFor(10s, kStart + 1h));
}

}  // namespace
}  // namespace embd
