#include "service/input_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace embd {
namespace {

using ::testing::ElementsAre;

// A request that is told apart by its name.
class NamedWork final : public InputWork {
 public:
  explicit NamedWork(char name) : name_(name) {}
  char name() const { return name_; }
  void Process(std::size_t, InputEncoder&) noexcept override {}
  void Drop(std::size_t) noexcept override {}

 private:
  char name_;
};

class InputQueueTest : public ::testing::Test {
 protected:
  static bool Push(InputQueue& queue, char name, std::size_t inputs) {
    return queue.TryPush(std::make_shared<NamedWork>(name), inputs);
  }

  // "b1" for the second input of request b; "" at the end.
  static std::string Pop(InputQueue& queue) {
    const std::optional<InputTask> task = queue.Pop();
    if (!task) return "";
    return dynamic_cast<const NamedWork&>(*task->work).name() + std::to_string(task->index);
  }
  static std::vector<std::string> PopAll(InputQueue& queue) {
    queue.Close();
    std::vector<std::string> all;
    for (std::string one = Pop(queue); !one.empty(); one = Pop(queue)) all.push_back(one);
    return all;
  }
};

TEST_F(InputQueueTest, SinglesInOrderOfArrival) {
  InputQueue queue(4);
  for (const char name : {'a', 'b', 'c'}) ASSERT_TRUE(Push(queue, name, 1));
  EXPECT_THAT(PopAll(queue), ElementsAre("a0", "b0", "c0"));
}

TEST_F(InputQueueTest, BatchesTakeTurns) {
  InputQueue queue(4);
  ASSERT_TRUE(Push(queue, 'a', 3));
  ASSERT_TRUE(Push(queue, 'b', 2));
  EXPECT_THAT(PopAll(queue), ElementsAre("a0", "b0", "a1", "b1", "a2"));
}

TEST_F(InputQueueTest, ASingleDoesNotWaitForBatchesNorTheyForManySingles) {
  InputQueue queue(8);
  for (const char name : {'a', 'b', 'c'}) ASSERT_TRUE(Push(queue, name, 4));
  EXPECT_EQ(Pop(queue), "a0");
  for (const char name : {'x', 'y', 'z'}) ASSERT_TRUE(Push(queue, name, 1));
  EXPECT_THAT(PopAll(queue), ElementsAre("x0", "b0", "y0", "c0", "z0", "a1", "b1", "c1", "a2", "b2",
                                         "c2", "a3", "b3", "c3"));
}

TEST_F(InputQueueTest, RefusesWhenFullOrClosed) {
  InputQueue queue(1);
  EXPECT_FALSE(Push(queue, 'n', 0));
  EXPECT_TRUE(Push(queue, 'a', 1));
  EXPECT_FALSE(Push(queue, 'b', 1));
  EXPECT_TRUE(Push(queue, 'c', 2));
  EXPECT_FALSE(Push(queue, 'd', 2));
  EXPECT_THAT(PopAll(queue), ElementsAre("a0", "c0", "c1"));
  EXPECT_FALSE(Push(queue, 'e', 1));
}

TEST_F(InputQueueTest, ManyThreadsTakeEveryInputOnce) {
  InputQueue queue(64);
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> consumers;
    for (int i = 0; i < 3; ++i) {
      consumers.emplace_back([&] {
        while (queue.Pop()) ++taken;
      });
    }
    for (int i = 0; i < 200; ++i) {
      while (!Push(queue, 'a', static_cast<std::size_t>(1 + i % 4))) std::this_thread::yield();
    }
    queue.Close();
  }
  EXPECT_EQ(taken, 200 * 10 / 4);
}

}  // namespace
}  // namespace embd
