#include "engine/drain_rate.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

using namespace std::chrono_literals;

TEST(DrainRateTest, CountsOnFromTheLastSecond) {
  const auto start = DrainRate::Clock::time_point(1h);
  DrainRate rate(start);
  for (int i = 1; i <= 10; ++i) rate.Note(1, start + i * 100ms);  // the tenth begins a new window
  EXPECT_EQ(rate.TimeFor(1, start + 1s), 100ms);
  EXPECT_EQ(rate.TimeFor(50, start + 1s), 5s);
  // Nothing since then: the longer it lasts, the slower it is taken to be.
  EXPECT_EQ(rate.TimeFor(1, start + 3s), 300ms);
}

TEST(DrainRateTest, TheSecondBeforeTheLastIsForgotten) {
  const auto start = DrainRate::Clock::time_point(1h);
  DrainRate rate(start);
  rate.Note(1'000'000, start + 500ms);
  rate.Note(1, start + 1s);
  rate.Note(1, start + 2s);
  EXPECT_EQ(rate.TimeFor(1, start + 2s), 500ms);
}

TEST(DrainRateTest, WithNothingDoneItTakesAsLongAgain) {
  const auto start = DrainRate::Clock::time_point(1h);
  DrainRate rate(start);
  EXPECT_EQ(rate.TimeFor(2, start), 0s);
  EXPECT_EQ(rate.TimeFor(2, start + 7s), 14s);
  EXPECT_GT(rate.TimeFor(1'000'000'000'000, start + 7h), 24h);
}

TEST(DrainRateTest, APauseDoesNotCount) {
  const auto start = DrainRate::Clock::time_point(1h);
  DrainRate rate(start);
  rate.Note(1, start + 1s);
  rate.Restart(start + 24h);
  rate.Note(4, start + 24h + 1s);
  EXPECT_EQ(rate.TimeFor(4, start + 24h + 1s), 1s);
}

}  // namespace
}  // namespace embd
