#include "service/input_tally.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace embd {
namespace {

Failure FailureOf(const std::string& message) {
  return {.where = FailedAt::kInference,
          .error = {.kind = ErrorKind::kBackend, .message = message}};
}

TEST(InputTally, KnowsTheLastAndTheFirstFailureInOrder) {
  InputTally tally(4);
  EXPECT_EQ(tally.inputs(), 4U);
  EXPECT_FALSE(tally.EndFailed(2, FailureOf("two")));
  EXPECT_TRUE(tally.Needless(3));
  EXPECT_FALSE(tally.Needless(1));
  EXPECT_FALSE(tally.End());
  EXPECT_FALSE(tally.EndFailed(1, FailureOf("one")));
  EXPECT_TRUE(tally.End());
  ASSERT_NE(tally.first_failure(), nullptr);
  EXPECT_EQ(tally.first_failure()->error.message, "one");
}

TEST(InputTally, HasNoFailureWhenAllWentWell) {
  InputTally tally(2);
  EXPECT_FALSE(tally.End());
  EXPECT_FALSE(tally.Needless(1));
  EXPECT_TRUE(tally.End());
  EXPECT_EQ(tally.first_failure(), nullptr);
}

TEST(InputTally, OnlyOneThreadIsTheLast) {
  for (int round = 0; round < 100; ++round) {
    InputTally tally(4);
    std::atomic<int> last{0};
    std::string first;
    {
      std::vector<std::jthread> threads;
      for (std::size_t input = 0; input < 4; ++input) {
        threads.emplace_back([&, input] {
          const bool ended = input % 2 == 0
                                 ? tally.End()
                                 : tally.EndFailed(input, FailureOf(std::to_string(input)));
          if (!ended) return;
          ++last;
          first = tally.first_failure()->error.message;
        });
      }
    }
    EXPECT_EQ(last, 1);
    EXPECT_EQ(first, "1");
  }
}

}  // namespace
}  // namespace embd
