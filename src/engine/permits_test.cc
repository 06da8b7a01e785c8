#include "engine/permits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace embd {
namespace {

TEST(PermitsTest, TakesAllAtOnceOrNone) {
  Permits permits(3);
  Permits::Lease two = permits.TryAcquire(2);
  EXPECT_TRUE(two);
  EXPECT_FALSE(permits.TryAcquire(2));
  EXPECT_EQ(permits.available(), 1);
  EXPECT_TRUE(permits.TryAcquire(1));  // given back at once
  EXPECT_EQ(permits.available(), 1);
  Permits::Lease moved = std::move(two);
  EXPECT_EQ(permits.available(), 1);
  moved = Permits::Lease();
  EXPECT_EQ(permits.available(), 3);
}

TEST(PermitsTest, SaysWhenToTryAgainWithinBounds) {
  Permits permits(2);
  Permits::Lease both = permits.TryAcquire(2);
  EXPECT_EQ(permits.RetryAfter(1), std::chrono::seconds(1));
  // For more than there will ever be, too.
  EXPECT_EQ(permits.RetryAfter(std::int64_t{1} << 60), std::chrono::seconds(60));
  both = Permits::Lease();
  EXPECT_EQ(permits.RetryAfter(1), std::chrono::seconds(1));
  // Nobody is before it, however long ago the last was.
  EXPECT_EQ(permits.RetryAfter(std::int64_t{1} << 60), std::chrono::seconds(1));
}

TEST(PermitsTest, NeverGivesOutMoreThanThereAre) {
  Permits permits(5);
  std::atomic<int> held{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          if (const Permits::Lease lease = permits.TryAcquire(2)) {
            EXPECT_LE(held.fetch_add(2) + 2, 5);
            held.fetch_sub(2);
          }
        }
      });
    }
  }
  EXPECT_EQ(permits.available(), 5);
}

}  // namespace
}  // namespace embd
