#include "engine/batch_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <ostream>
#include <string>

namespace embd {
namespace {

using Indices = std::vector<std::size_t>;

// A job whose request is this one text.
QueuedJob One(std::uint32_t tokens) { return {.tokens = tokens, .request_tokens = tokens}; }
QueuedJob Gone(std::uint32_t tokens) {
  return {.tokens = tokens, .request_tokens = tokens, .cancelled = true};
}
// A job of a client batch of 32 like it.
QueuedJob Bulk(std::uint32_t tokens) { return {.tokens = tokens, .request_tokens = 32 * tokens}; }

std::vector<QueuedJob> Many(std::size_t count, QueuedJob job) {
  return std::vector<QueuedJob>(count, job);
}

std::vector<QueuedJob> Join(std::vector<QueuedJob> first, const std::vector<QueuedJob>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

constexpr BatchLimits kBatchLimits{.max_tokens = 100, .max_sequences = 8, .short_tokens = 20};
constexpr BatchLimits kSharing{.max_tokens = 100,
                               .max_sequences = 8,
                               .short_tokens = 20,
                               .max_shared_tokens = 200,
                               .max_lanes = 64};

struct BatchPolicyCase {
  std::string name;
  std::vector<QueuedJob> queue = {};
  BatchLimits limits = kBatchLimits;
  int idle_workers = 0;
  Turn turn = Turn::kOldest;
  Indices take = {};
  Indices drop = {};
  int lanes = 1;
  std::uint64_t overtaking = 0;
};

void PrintTo(const BatchPolicyCase& c, std::ostream* out) { *out << c.name; }

class ChooseBatchTest : public ::testing::TestWithParam<BatchPolicyCase> {};

TEST_P(ChooseBatchTest, Chooses) {
  const BatchPolicyCase& c = GetParam();
  // What a former call left.
  BatchChoice choice{.take = {99}, .drop = {98}, .lanes = 7, .overtaking = 5, .candidates = {97}};
  ChooseBatch({.jobs = c.queue,
               .idle_workers = c.idle_workers,
               .near_workers = c.idle_workers,
               .turn = c.turn},
              c.limits, choice);
  EXPECT_EQ(choice.take, c.take);
  EXPECT_EQ(choice.drop, c.drop);
  EXPECT_EQ(choice.lanes, c.lanes);
  EXPECT_EQ(choice.overtaking, c.overtaking);
}

std::string NameOf(const ::testing::TestParamInfo<BatchPolicyCase>& test) {
  return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    InOrder, ChooseBatchTest,
    ::testing::Values(
        BatchPolicyCase{.name = "Empty"},  //
        BatchPolicyCase{.name = "One", .queue = {One(7)}, .take = {0}},
        BatchPolicyCase{.name = "FitsExactly", .queue = {One(60), One(40)}, .take = {0, 1}},
        BatchPolicyCase{.name = "OneTokenTooMany", .queue = {One(60), One(41)}, .take = {0}},
        BatchPolicyCase{
            .name = "NobodyOvertakes", .queue = {One(60), One(41), One(1)}, .take = {0}},
        BatchPolicyCase{
            .name = "LongerThanAStepGoesAlone", .queue = {One(101), One(1)}, .take = {0}},
        BatchPolicyCase{
            .name = "LongOneWaitsForTheNextStep", .queue = {One(1), One(101)}, .take = {0}},
        BatchPolicyCase{
            .name = "SequenceLimit", .queue = Many(10, One(1)), .take = {0, 1, 2, 3, 4, 5, 6, 7}},
        BatchPolicyCase{.name = "ZeroSequencesStillMovesOn",
                        .queue = {One(1), One(1)},
                        .limits = {.max_tokens = 100, .max_sequences = 0},
                        .take = {0}},
        BatchPolicyCase{.name = "DropsCancelled",
                        .queue = {Gone(10), One(20), Gone(30), One(40)},
                        .take = {1, 3},
                        .drop = {0, 2}},
        BatchPolicyCase{.name = "CancelledTakeNoRoom",
                        .queue = {Gone(100), One(100)},
                        .take = {1},
                        .drop = {0}},
        BatchPolicyCase{.name = "DropsCancelledBehindAFullStep",
                        .queue = {One(100), One(100), Gone(1)},
                        .take = {0},
                        .drop = {2}},
        BatchPolicyCase{.name = "OnlyCancelled", .queue = {Gone(1), Gone(1)}, .drop = {0, 1}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(Split, ChooseBatchTest,
                         ::testing::Values(BatchPolicyCase{.name = "WithAnIdleWorker",
                                                           .queue = Many(4, One(20)),
                                                           .idle_workers = 1,
                                                           .take = {0, 1}},
                                           BatchPolicyCase{.name = "OneEach",
                                                           .queue = {One(5), One(5)},
                                                           .idle_workers = 3,
                                                           .take = {0}},
                                           BatchPolicyCase{
                                               .name = "ByTokens",
                                               .queue = {One(30), One(10), One(10), One(10)},
                                               .idle_workers = 1,
                                               .take = {0}},
                                           BatchPolicyCase{.name = "CancelledDoNotCount",
                                                           .queue = {Gone(90), One(5), One(5)},
                                                           .idle_workers = 1,
                                                           .take = {1},
                                                           .drop = {0}},
                                           BatchPolicyCase{.name = "FullStepsForAllAreNotSplit",
                                                           .queue = Many(5, One(50)),
                                                           .idle_workers = 1,
                                                           .take = {0, 1}},
                                           BatchPolicyCase{.name = "NearlyFullStepsAreSplitEvenly",
                                                           .queue = Many(6, One(25)),
                                                           .idle_workers = 1,
                                                           .take = {0, 1, 2}},
                                           BatchPolicyCase{.name = "LoneJobWhereNothingIsShared",
                                                           .queue = {One(90)},
                                                           .idle_workers = 3,
                                                           .take = {0}}),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(
    Share, ChooseBatchTest,
    ::testing::Values(BatchPolicyCase{.name = "ALoneJob",
                                      .queue = {One(16)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0},
                                      .lanes = 2},
                      BatchPolicyCase{.name = "ALoneJobLongerThanAnyStep",
                                      .queue = {One(256)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0},
                                      .lanes = 2},
                      BatchPolicyCase{.name = "NotWhenEveryoneIsBusy",
                                      .queue = {One(16)},
                                      .limits = kSharing,
                                      .take = {0}},
                      BatchPolicyCase{.name = "NoMoreLanesThanTokensFor",
                                      .queue = {One(3)},
                                      .limits = kSharing,
                                      .idle_workers = 63,
                                      .take = {0},
                                      .lanes = 3},
                      BatchPolicyCase{.name = "EvenATinyJob",
                                      .queue = {One(2)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0},
                                      .lanes = 2},
                      BatchPolicyCase{.name = "NotASingleToken",
                                      .queue = {One(1)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0}},
                      BatchPolicyCase{.name = "NoMoreLanesThanAllowed",
                                      .queue = {One(100)},
                                      .limits = {.max_tokens = 100,
                                                 .max_sequences = 8,
                                                 .max_shared_tokens = 100,
                                                 .max_lanes = 2},
                                      .idle_workers = 7,
                                      .take = {0},
                                      .lanes = 2},
                      BatchPolicyCase{.name = "EqualJobsForAllAreSplit",
                                      .queue = {One(16), One(16)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0}},
                      BatchPolicyCase{.name = "UnequalJobsAreShared",
                                      .queue = {One(100), One(30)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0, 1},
                                      .lanes = 2},
                      BatchPolicyCase{.name = "AnOddNumberOfJobsIsShared",
                                      .queue = Many(3, One(16)),
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0, 1, 2},
                                      .lanes = 2},
                      BatchPolicyCase{.name = "ManyJobsAreSplit",
                                      .queue = Many(16, One(10)),
                                      .limits = {.max_tokens = 100,
                                                 .max_sequences = 64,
                                                 .short_tokens = 20,
                                                 .max_shared_tokens = 200,
                                                 .max_lanes = 2},
                                      .idle_workers = 1,
                                      .take = {0, 1, 2, 3, 4, 5, 6, 7}},
                      BatchPolicyCase{.name = "ShortOnesDoNotWaitForALongOne",
                                      .queue = {One(150), One(16), Gone(1), One(8)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .turn = Turn::kSmallest,
                                      .take = {1, 3},
                                      .drop = {2},
                                      .lanes = 2,
                                      .overtaking = 24},
                      BatchPolicyCase{.name = "UnlessTheyPassedOneBefore",
                                      .queue = {One(150), One(16), Gone(1), One(8)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0, 1, 3},
                                      .drop = {2},
                                      .lanes = 2},
                      BatchPolicyCase{.name = "WithinTheMemoryOfOneStep",
                                      .queue = {One(150), One(60)},
                                      .limits = kSharing,
                                      .idle_workers = 1,
                                      .take = {0},
                                      .lanes = 2}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    SmallestTurn, ChooseBatchTest,
    ::testing::Values(BatchPolicyCase{.name = "ASmallRequestPassesBulk",
                                      .queue = Join(Many(50, Bulk(60)), {One(90)}),
                                      .turn = Turn::kSmallest,
                                      .take = {50},
                                      .overtaking = 90},
                      BatchPolicyCase{.name = "NotOnTheOldestsTurn",
                                      .queue = Join(Many(50, Bulk(60)), {One(90)}),
                                      .turn = Turn::kOldest,
                                      .take = {0}},
                      BatchPolicyCase{.name = "SmallOnesWithTheNextSmallest",
                                      .queue = Join(Many(50, Bulk(30)), {One(35), One(25)}),
                                      .turn = Turn::kSmallest,
                                      .take = {0, 50, 51},
                                      .overtaking = 0},
                      BatchPolicyCase{
                          .name = "ShortOnesOnlyWithTheirLike",
                          .queue = Join(Many(50, Bulk(30)), {One(10), One(30), One(12)}),
                          .turn = Turn::kSmallest,
                          .take = {50, 52},
                          .overtaking = 22},
                      BatchPolicyCase{.name = "EqualOnesByAge",
                                      .queue = Many(50, Bulk(40)),
                                      .turn = Turn::kSmallest,
                                      .take = {0, 1}},
                      BatchPolicyCase{.name = "ShortTextsOfABigBatchAreNotShort",
                                      .queue = Join(Many(50, Bulk(10)), {One(15)}),
                                      .turn = Turn::kSmallest,
                                      .take = {50},
                                      .overtaking = 15},
                      BatchPolicyCase{.name = "InOrderWhileNotAllIsFull",
                                      .queue = {Bulk(60), One(10)},
                                      .turn = Turn::kSmallest,
                                      .take = {0, 1}},
                      BatchPolicyCase{.name = "DropsCancelledAmongThem",
                                      .queue = Join(Many(3, Bulk(60)), {Gone(1), One(30)}),
                                      .turn = Turn::kSmallest,
                                      .take = {0, 4},
                                      .drop = {3}}),
    NameOf);

struct LoanCase {
  std::string name;
  std::vector<QueuedJob> queue = {};
  Indices take = {};
  Indices drop = {};
  std::uint64_t overtaking = 0;
};

void PrintTo(const LoanCase& c, std::ostream* out) { *out << c.name; }

class ChooseLoanTest : public ::testing::TestWithParam<LoanCase> {};

TEST_P(ChooseLoanTest, Chooses) {
  BatchChoice choice{.take = {99}, .drop = {98}, .lanes = 7, .overtaking = 5, .candidates = {97}};
  ChooseLoan({.jobs = GetParam().queue}, kBatchLimits, choice);
  EXPECT_EQ(choice.take, GetParam().take);
  EXPECT_EQ(choice.drop, GetParam().drop);
  EXPECT_EQ(choice.lanes, 1);
  EXPECT_EQ(choice.overtaking, GetParam().overtaking);
}

INSTANTIATE_TEST_SUITE_P(
    All, ChooseLoanTest,
    ::testing::Values(
        LoanCase{.name = "Empty"}, LoanCase{.name = "NoneShort", .queue = {One(21), Bulk(1)}},
        LoanCase{
            .name = "TheShortOne", .queue = {Bulk(60), One(20)}, .take = {1}, .overtaking = 20},
        LoanCase{.name = "AsManyAsAreShortTogether",
                 .queue = {Bulk(60), One(8), Bulk(60), One(12), One(1)},
                 .take = {1, 3},
                 .overtaking = 20},
        LoanCase{.name = "TheOldestOvertakesNobody", .queue = {One(8), Bulk(60)}, .take = {0}},
        LoanCase{.name = "DropsCancelled",
                 .queue = {Gone(8), Bulk(60), One(9)},
                 .take = {2},
                 .drop = {0},
                 .overtaking = 9},
        LoanCase{.name = "SequenceLimit",
                 .queue = Join({Bulk(60)}, Many(12, One(1))),
                 .take = {1, 2, 3, 4, 5, 6, 7, 8},
                 .overtaking = 8}),
    [](const auto& test) { return test.param.name; });

TEST(TurnAccountTest, WhatOvertookIsMadeUpFor) {
  TurnAccount account(100);
  EXPECT_EQ(account.turn(), Turn::kSmallest);
  account.Overtook(60);
  EXPECT_EQ(account.turn(), Turn::kOldest);
  EXPECT_TRUE(account.may_lend());
  account.Overtook(340);
  EXPECT_FALSE(account.may_lend());
  account.StepInOrder(70);  // counts as a full one
  EXPECT_EQ(account.turn(), Turn::kOldest);
  EXPECT_TRUE(account.may_lend());
  account.StepInOrder(250);
  EXPECT_EQ(account.turn(), Turn::kOldest);
  account.LoanInOrder(49);
  EXPECT_EQ(account.turn(), Turn::kOldest);
  account.StepInOrder(0);  // all cancelled: no work, so nothing is made up for
  EXPECT_EQ(account.turn(), Turn::kOldest);
  account.LoanInOrder(1);
  EXPECT_EQ(account.turn(), Turn::kSmallest);
  account.Overtook(1);
  EXPECT_EQ(account.turn(), Turn::kOldest);
  account.Clear();
  EXPECT_EQ(account.turn(), Turn::kSmallest);
}

// ---- Whole behaviours, in tokens for time: workers that come one after another

class Simulation {
 public:
  struct Waiting {
    QueuedJob job;
    std::size_t id = 0;
  };

  void Push(QueuedJob job) { queue_.push_back({job, next_id_++}); }

  // One worker takes its step; the ids that it runs.
  Indices Step(const BatchLimits& limits, int idle, int near = 0) {
    std::vector<QueuedJob> jobs;
    for (const Waiting& waiting : queue_) jobs.push_back(waiting.job);
    BatchChoice choice;
    ChooseBatch({.jobs = jobs, .idle_workers = idle, .near_workers = near, .turn = turns_.turn()},
                limits, choice);
    return Take(choice);
  }

  Indices Take(const BatchChoice& choice) {
    Indices ids;
    last_tokens_ = 0;
    for (const std::size_t i : choice.take) {
      EXPECT_FALSE(queue_[i].job.cancelled);
      ids.push_back(queue_[i].id);
      last_tokens_ += queue_[i].job.tokens;
    }
    if (choice.overtaking > 0) {
      turns_.Overtook(choice.overtaking);
    } else {
      turns_.StepInOrder(last_tokens_);
    }
    Indices gone = choice.take;
    gone.insert(gone.end(), choice.drop.begin(), choice.drop.end());
    std::sort(gone.rbegin(), gone.rend());
    for (const std::size_t i : gone) queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
    return ids;
  }

  const std::vector<Waiting>& queue() const { return queue_; }
  std::uint64_t last_tokens() const { return last_tokens_; }

 private:
  std::vector<Waiting> queue_;
  std::size_t next_id_ = 0;
  TurnAccount turns_{100};
  std::uint64_t last_tokens_ = 0;
};

// Whatever is queued, all of it is taken, once, in steps within the limits.
TEST(ChooseBatchSimulation, EveryJobIsTakenOnce) {
  for (int workers = 1; workers <= 5; ++workers) {
    Simulation simulation;
    for (std::uint32_t i = 0; i < 200; ++i) {
      const std::uint32_t tokens = 1 + i * 37 % 120;
      simulation.Push(
          {.tokens = tokens, .request_tokens = tokens * (1 + i % 5), .cancelled = i % 7 == 3});
    }
    Indices taken;
    int idle = workers - 1;
    while (!simulation.queue().empty()) {
      const std::size_t before = simulation.queue().size();
      const Indices ids =
          simulation.Step({.max_tokens = 128, .max_sequences = 16, .short_tokens = 30}, idle);
      ASSERT_LT(simulation.queue().size(), before);
      EXPECT_LE(simulation.last_tokens(), 128U);
      EXPECT_LE(ids.size(), 16U);
      taken.insert(taken.end(), ids.begin(), ids.end());
      idle = idle > 0 ? idle - 1 : workers - 1;
    }
    std::sort(taken.begin(), taken.end());
    EXPECT_EQ(taken.size(), 200U - 29U);
    EXPECT_EQ(std::adjacent_find(taken.begin(), taken.end()), taken.end());
  }
}

// Small requests come for ever, more of them than can be served; a large one still leaves after
// little more than twice the work that was ahead of it.
TEST(ChooseBatchSimulation, ALargeRequestDoesNotStarve) {
  Simulation simulation;
  for (int i = 0; i < 20; ++i) simulation.Push(Bulk(90));
  const std::size_t large = 20;
  simulation.Push(Bulk(99));
  const std::uint64_t ahead = 20 * 90;
  std::uint64_t done = 0;
  for (int steps = 0;; ++steps) {
    ASSERT_LT(steps, 1000);
    for (int i = 0; i < 10; ++i) simulation.Push(One(10));
    const Indices ids = simulation.Step(kBatchLimits, 0);
    if (std::find(ids.begin(), ids.end(), large) != ids.end()) break;
    done += simulation.last_tokens();
  }
  EXPECT_LE(done, ahead * 5 / 2);
}

// The same where another worker counts as idle and never comes, so that each step is to be shared.
TEST(ChooseBatchSimulation, ALongTextDoesNotStarveBesideAWorkerWithoutACore) {
  Simulation simulation;
  const std::size_t large = 0;
  simulation.Push(One(90));
  for (int steps = 0;; ++steps) {
    ASSERT_LT(steps, 3);
    for (int i = 0; i < 3; ++i) simulation.Push(One(10));
    const Indices ids = simulation.Step(kSharing, 1, 1);
    if (std::find(ids.begin(), ids.end(), large) != ids.end()) break;
  }
}

// However much bulk is queued, a single text leaves with one of the next two steps, so with two
// workers that take turns each ends at most one step before.
TEST(ChooseBatchSimulation, ASmallRequestWaitsForOneStepAtMost) {
  for (const std::uint32_t tokens : {10U, 25U, 100U}) {
    Simulation simulation;
    for (int i = 0; i < 500; ++i) simulation.Push(Bulk(90));
    for (int round = 0; round < 20; ++round) {
      simulation.Push(One(tokens));
      const std::size_t id = simulation.queue().back().id;
      int steps = 0;
      for (bool left = false; !left; ++steps) {
        const Indices ids = simulation.Step(kBatchLimits, 0);
        left = std::find(ids.begin(), ids.end(), id) != ids.end();
        simulation.Push(Bulk(90));
      }
      EXPECT_LE(steps, 2) << tokens;
    }
  }
}

}  // namespace
}  // namespace embd
