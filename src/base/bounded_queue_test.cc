#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace embd {
namespace {

TEST(BoundedQueue, GivesItemsInOrder) {
  BoundedQueue<int> queue(3);
  for (int round = 0; round < 5; ++round) {  // wraps around the slots
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.TryPush(i));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.Pop(), i);
  }
}

TEST(BoundedQueue, RefusesWhenFullAndLeavesTheItem) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  EXPECT_TRUE(queue.TryPush(first));
  EXPECT_FALSE(queue.TryPush(second));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
}

TEST(BoundedQueue, DrainsAfterCloseThenEnds) {
  BoundedQueue<int> queue(4);
  int value = 7;
  ASSERT_TRUE(queue.TryPush(value));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(value));
  EXPECT_EQ(queue.Pop(), 7);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesWaitingConsumers) {
  BoundedQueue<int> queue(1);
  std::vector<std::jthread> consumers;
  std::atomic<int> ended{0};
  for (int i = 0; i < 3; ++i) {
    consumers.emplace_back([&] {
      if (!queue.Pop()) ++ended;
    });
  }
  queue.Close();
  consumers.clear();
  EXPECT_EQ(ended, 3);
}

TEST(BoundedQueue, LosesAndDoublesNothingBetweenManyThreads) {
  constexpr int kProducers = 4;
  constexpr int kEach = 2000;
  BoundedQueue<int> queue(16);
  std::vector<std::atomic<int>> seen(kProducers * kEach);
  {
    std::vector<std::jthread> consumers;
    for (int i = 0; i < 3; ++i) {
      consumers.emplace_back([&] {
        while (const std::optional<int> item = queue.Pop()) ++seen[static_cast<std::size_t>(*item)];
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < kProducers; ++p) {
        producers.emplace_back([&queue, p] {
          for (int i = 0; i < kEach; ++i) {
            int item = p * kEach + i;
            while (!queue.TryPush(item)) std::this_thread::yield();
          }
        });
      }
    }
    queue.Close();
  }
  for (const std::atomic<int>& count : seen) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace embd
