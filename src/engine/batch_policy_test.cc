#include "engine/batch_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <ostream>
#include <string>

namespace embd {
namespace {

using Indices = std::vector<std::size_t>;

constexpr bool kGone = true;

struct Case {
  std::string name;
  std::vector<QueuedJob> queue = {};
  BatchLimits limits{.max_tokens = 100, .max_sequences = 8};
  int idle_workers = 0;
  Indices take = {};
  Indices drop = {};
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ChooseBatchTest : public ::testing::TestWithParam<Case> {};

TEST_P(ChooseBatchTest, Chooses) {
  const Case& c = GetParam();
  BatchChoice choice{.take = {99}, .drop = {98}};  // what a former call left
  ChooseBatch(c.queue, c.limits, c.idle_workers, choice);
  EXPECT_EQ(choice.take, c.take);
  EXPECT_EQ(choice.drop, c.drop);
}

INSTANTIATE_TEST_SUITE_P(
    All, ChooseBatchTest,
    ::testing::Values(
        Case{.name = "Empty"},  //
        Case{.name = "One", .queue = {{7}}, .take = {0}},
        Case{.name = "FitsExactly", .queue = {{60}, {40}}, .take = {0, 1}},
        Case{.name = "OneTokenTooMany", .queue = {{60}, {41}}, .take = {0}},
        Case{.name = "NobodyOvertakes", .queue = {{60}, {41}, {1}}, .take = {0}},
        Case{.name = "LongerThanAStepGoesAlone", .queue = {{101}, {1}}, .take = {0}},
        Case{.name = "LongOneWaitsForTheNextStep", .queue = {{1}, {101}}, .take = {0}},
        Case{.name = "SequenceLimit",
             .queue = {{1}, {1}, {1}},
             .limits = {.max_tokens = 100, .max_sequences = 2},
             .take = {0, 1}},
        Case{.name = "ZeroSequencesStillMovesOn",
             .queue = {{1}, {1}},
             .limits = {.max_tokens = 100, .max_sequences = 0},
             .take = {0}},
        Case{.name = "DropsCancelled",
             .queue = {{10, kGone}, {20}, {30, kGone}, {40}},
             .take = {1, 3},
             .drop = {0, 2}},
        Case{.name = "CancelledTakeNoRoom",
             .queue = {{100, kGone}, {100}},
             .take = {1},
             .drop = {0}},
        Case{.name = "DropsCancelledBehindAFullStep",
             .queue = {{100}, {100}, {1, kGone}},
             .take = {0},
             .drop = {2}},
        Case{.name = "OnlyCancelled", .queue = {{1, kGone}, {1, kGone}}, .drop = {0, 1}},
        Case{.name = "SharesWithAnIdleWorker",
             .queue = {{20}, {20}, {20}, {20}},
             .idle_workers = 1,
             .take = {0, 1}},
        Case{.name = "SharesOneEach", .queue = {{5}, {5}}, .idle_workers = 3, .take = {0}},
        Case{.name = "SharesByTokens",
             .queue = {{30}, {10}, {10}, {10}},
             .idle_workers = 1,
             .take = {0}},
        Case{.name = "LoneJobIsNotSplit", .queue = {{90}}, .idle_workers = 3, .take = {0}},
        Case{.name = "CancelledAreNotShared",
             .queue = {{90, kGone}, {5}, {5}},
             .idle_workers = 1,
             .take = {1},
             .drop = {0}},
        Case{.name = "FullStepsForAllAreNotShared",
             .queue = {{50}, {50}, {50}, {50}, {50}},
             .idle_workers = 1,
             .take = {0, 1}},
        Case{.name = "NearlyFullStepsAreSharedEvenly",
             .queue = {{25}, {25}, {25}, {25}, {25}, {25}},
             .idle_workers = 1,
             .take = {0, 1, 2}}),
    [](const auto& test) { return test.param.name; });

// Whatever is queued, workers that come one after another take all of it, in order.
TEST(ChooseBatchDrainTest, EveryJobIsTakenOnceInOrder) {
  for (int workers = 1; workers <= 5; ++workers) {
    std::vector<QueuedJob> queue = {};
    for (std::uint32_t i = 0; i < 200; ++i) {
      queue.push_back({.tokens = 1 + i * 37 % 120, .cancelled = i % 7 == 3});
    }
    std::vector<std::size_t> ids(queue.size());
    std::iota(ids.begin(), ids.end(), 0U);
    std::vector<std::size_t> taken;
    BatchChoice choice;
    int idle = workers - 1;
    while (!queue.empty()) {
      ChooseBatch(queue, {.max_tokens = 128, .max_sequences = 16}, idle, choice);
      ASSERT_FALSE(choice.take.empty() && choice.drop.empty());
      std::uint64_t tokens = 0;
      for (const std::size_t i : choice.take) {
        taken.push_back(ids[i]);
        tokens += queue[i].tokens;
        EXPECT_FALSE(queue[i].cancelled);
      }
      EXPECT_LE(tokens, 128U);
      EXPECT_LE(choice.take.size(), 16U);
      Indices gone = choice.take;
      gone.insert(gone.end(), choice.drop.begin(), choice.drop.end());
      std::sort(gone.rbegin(), gone.rend());
      for (const std::size_t i : gone) {
        queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i));
      }
      idle = idle > 0 ? idle - 1 : workers - 1;
    }
    EXPECT_EQ(taken.size(), 200U - 29U);
    EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
  }
}

}  // namespace
}  // namespace embd
