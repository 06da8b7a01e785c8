#include "engine/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/scheduler_test_support.h"
#include "engine/stall_limit.h"

namespace embd {
namespace {

using namespace std::chrono_literals;

using testing::Answer;
using testing::Becomes;
using testing::Gate;
using ::testing::HasSubstr;
using testing::JobOf;
using testing::KindOf;
using testing::Options;
using testing::SchedulerTest;
using testing::Submit;
using testing::TestModel;

// ---- Several workers in one step

// Waits for everyone who is invited, so that tests tell who came.
SchedulerOptions SharingOptions(int workers) {
  SchedulerOptions options = Options(workers);
  options.most_lanes = workers;
  options.lane_patience = {.least = 30s, .most = 30s};
  options.look_around = 50us;
  return options;
}

// Counts who runs steps, and as how many lanes.
class LaneCounter {
 public:
  explicit LaneCounter(TestModel& model) {
    model.on_lane = [this](const Lane& lane) {
      const std::lock_guard lock(mutex_);
      ++seen_[{lane.index, lane.count}];
    };
  }
  int seen(int index, int count) {
    const std::lock_guard lock(mutex_);
    return seen_[{index, count}];
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<int, int>, int> seen_;
};

TEST_F(SchedulerTest, IdleWorkersShareALoneJob) {
  LaneCounter lanes(model_);
  Scheduler scheduler(model_, SharingOptions(3), metrics_);
  for (int round = 0; round < 50; ++round) {
    const std::vector<std::uint32_t> ids(24, 7);
    Answer answer = Submit(scheduler, ids);
    const Result<JobResult> result = answer.get();
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(result->values[1], TestModel::Pooled(ids, 1));
  }
  // Not always: who is on its way back to the queue is not invited.
  EXPECT_GT(lanes.seen(0, 3), 0);
  EXPECT_EQ(lanes.seen(0, 3), lanes.seen(1, 3));
  EXPECT_EQ(lanes.seen(0, 3), lanes.seen(2, 3));
  EXPECT_EQ(lanes.seen(0, 1) + lanes.seen(0, 2) + lanes.seen(0, 3), 50);
}

TEST_F(SchedulerTest, AWorkerOfAnotherNodeIsNotInvited) {
  LaneCounter lanes(model_);
  SchedulerOptions options = SharingOptions(2);
  const int cpu = AllowedCpus().front();
  options.places = {{.cpu = cpu, .node = 0}, {.cpu = cpu, .node = 1}};
  Scheduler scheduler(model_, options, metrics_);
  for (int round = 0; round < 20; ++round) {
    Answer answer = Submit(scheduler, std::vector<std::uint32_t>(32, 1));
    ASSERT_TRUE(answer.get().ok());
  }
  EXPECT_EQ(lanes.seen(0, 1), 20);
}

TEST_F(SchedulerTest, ASharedStepThatFailsIsRepeatedJobByJob) {
  Scheduler scheduler(model_, SharingOptions(3), metrics_);
  for (int round = 0; round < 30; ++round) {
    std::vector<Answer> answers;
    for (const std::uint32_t id : {std::uint32_t{1}, TestModel::kPoison, TestModel::kNotANumber,
                                   std::uint32_t{2}, std::uint32_t{3}}) {
      answers.push_back(Submit(scheduler, std::vector<std::uint32_t>(8, id)));
    }
    EXPECT_TRUE(answers[0].get().ok());
    EXPECT_EQ(answers[1].get().error().message, "Backend error: poison");
    EXPECT_THAT(answers[2].get().error().message, HasSubstr("not finite"));
    EXPECT_TRUE(answers[3].get().ok());
    EXPECT_TRUE(answers[4].get().ok());
  }
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/true));
}

TEST_F(SchedulerTest, ManySubmittersWhileStepsAreSharedAndLent) {
  SchedulerOptions options = SharingOptions(3);
  options.lane_patience = {};
  options.short_tokens = 8;
  options.step_tokens = 40;
  Scheduler scheduler(model_, options, metrics_);
  {
    std::vector<std::jthread> submitters;
    for (std::uint32_t t = 0; t < 4; ++t) {
      submitters.emplace_back([&scheduler, t] {
        for (std::uint32_t i = 0; i < 300; ++i) {
          std::vector<std::uint32_t> ids(1 + (i * 7 + t) % 32, i % 100 + t);
          if (i % 50 == 0) ids[0] = TestModel::kPoison;
          Answer answer = Submit(scheduler, ids);
          const Result<JobResult> result = answer.get();
          ASSERT_EQ(result.ok(), i % 50 != 0);
          if (result.ok()) {
            ASSERT_EQ(result->values[2], TestModel::Pooled(ids, 2));
          }
        }
      });
    }
  }
  EXPECT_EQ(metrics_.queue_size.value(), 0);
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/true));
}

// ---- Short jobs between the operations of a step

class LoanTest : public SchedulerTest {
 protected:
  static constexpr std::uint32_t kLong = 500;

  // Holds steps of long jobs between their two operations.
  LoanTest() {
    model_.on_middle = [this](const PackedBatch& batch, const Lane&) {
      if (batch.ids[0] == kLong) gate_.Wait();
    };
  }
  static SchedulerOptions LoanOptions(int workers) {
    SchedulerOptions options = Options(workers);
    options.short_tokens = 8;
    options.step_tokens = 32;
    return options;
  }
  static Job Long() { return JobOf(std::vector<std::uint32_t>(32, kLong)); }
};

TEST_F(LoanTest, AShortJobIsAnsweredInTheMiddleOfALongStep) {
  Gate begun, go_on;
  std::atomic<bool> first = true;
  model_.on_run = [&](const PackedBatch& batch) {
    if (batch.ids[0] != kLong || !first.exchange(false)) return;
    begun.Open();
    go_on.Wait();  // until the short job is queued
  };
  Scheduler scheduler(model_, LoanOptions(1), metrics_);
  Answer running = Submit(scheduler, Long());
  begun.Wait();
  std::vector<Answer> queued;
  for (int i = 0; i < 20; ++i) queued.push_back(Submit(scheduler, Long()));
  Answer short_answer = Submit(scheduler, {1, 2, 3});
  go_on.Open();
  const Result<JobResult> result = short_answer.get();  // while the long step stands at the gate
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->values[0], 6);
  EXPECT_EQ(running.wait_for(0s), std::future_status::timeout);
  gate_.Open();
  EXPECT_TRUE(running.get().ok());
  for (Answer& answer : queued) EXPECT_TRUE(answer.get().ok());
}

TEST_F(LoanTest, AFailingShortJobDoesNotHarmItsHost) {
  Gate begun, go_on;
  std::atomic<bool> first = true;
  model_.on_run = [&](const PackedBatch& batch) {
    if (batch.ids[0] != kLong || !first.exchange(false)) return;
    begun.Open();
    go_on.Wait();
  };
  gate_.Open();
  Scheduler scheduler(model_, LoanOptions(1), metrics_);
  Answer host = Submit(scheduler, Long());
  begun.Wait();
  Answer poison = Submit(scheduler, {TestModel::kPoison});
  Job gone = JobOf({1});
  gone.cancellation.Cancel();
  Answer dropped = Submit(scheduler, std::move(gone));
  Answer good = Submit(scheduler, {2});
  go_on.Open();
  EXPECT_EQ(poison.get().error().message, "Backend error: poison");
  EXPECT_EQ(KindOf(dropped), ErrorKind::kCancelled);
  EXPECT_TRUE(good.get().ok());
  EXPECT_TRUE(host.get().ok());
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/true));
}

// Who came first is not passed by jobs of the same kind, one after another.
TEST_F(LoanTest, AStepOfShortJobsLendsNothing) {
  Gate begun, go_on;
  std::mutex mutex;
  std::vector<std::uint32_t> ended;
  model_.on_run = [&](const PackedBatch& batch) {
    if (batch.ids[0] != 1) return;
    begun.Open();
    go_on.Wait();  // until the others are queued
  };
  const auto job = [&](std::uint32_t id, std::promise<void>& done) {
    Job made = JobOf({id});
    made.done = [&, id](const Result<JobResult>& result) {
      EXPECT_TRUE(result.ok());
      {
        const std::lock_guard lock(mutex);
        ended.push_back(id);
      }
      done.set_value();
    };
    return made;
  };
  Scheduler scheduler(model_, LoanOptions(1), metrics_);
  std::promise<void> first, second;
  scheduler.Submit(job(1, first));
  begun.Wait();
  scheduler.Submit(job(2, second));
  go_on.Open();
  first.get_future().get();
  second.get_future().get();
  EXPECT_EQ(ended, (std::vector<std::uint32_t>{1, 2}));
}

// A step is at most twice as long for what it lends.
TEST_F(LoanTest, AStepLendsNoMoreThanItIs) {
  Gate begun, go_on;
  std::atomic<bool> first = true;
  std::atomic<int> lent = 0;
  std::atomic<bool> host_ended = false;
  model_.on_run = [&](const PackedBatch& batch) {
    if (batch.ids[0] != kLong) {
      if (!host_ended) lent += static_cast<int>(batch.ids.size());
      return;
    }
    if (!first.exchange(false)) return;
    begun.Open();
    go_on.Wait();
  };
  model_.on_middle = [](const PackedBatch& batch, const Lane& lane) {
    for (int operation = 0; operation < 20 && batch.ids[0] == kLong; ++operation) lane.Sync();
  };
  Scheduler scheduler(model_, LoanOptions(1), metrics_);
  Job long_job = Long();
  std::promise<void> host;
  long_job.done = [&](const Result<JobResult>&) {
    host_ended = true;
    host.set_value();
  };
  scheduler.Submit(std::move(long_job));
  begun.Wait();
  std::vector<Answer> answers;
  for (int i = 0; i < 30; ++i) answers.push_back(Submit(scheduler, {1, 2, 3, 4}));
  go_on.Open();
  host.get_future().get();
  EXPECT_LE(lent, 32 + 8);  // the last may be as long as a loan
  for (Answer& answer : answers) EXPECT_TRUE(answer.get().ok());
}

// Short jobs without end do not keep a long one from its end.
TEST_F(LoanTest, LoansAreBounded) {
  gate_.Open();
  Scheduler scheduler(model_, LoanOptions(1), metrics_);
  std::atomic<bool> stop = false;
  std::jthread flood([&] {
    std::vector<Answer> answers;
    while (!stop) {
      for (int i = 0; i < 50; ++i) answers.push_back(Submit(scheduler, {1, 2, 3, 4}));
      for (Answer& answer : answers) answer.wait();
      answers.clear();
    }
  });
  for (int i = 0; i < 20; ++i) {
    Answer answer = Submit(scheduler, Long());
    EXPECT_TRUE(answer.get().ok());
  }
  stop = true;
}

TEST(StallAfterTest, FollowsTheLongestStepFromAFloorOn) {
  const auto after = [](std::chrono::nanoseconds took) {
    return std::chrono::round<std::chrono::seconds>(StallAfter({took, 64}, 64));
  };
  EXPECT_EQ(after(0ns), 2s);
  EXPECT_EQ(after(10ms), 2s);
  EXPECT_EQ(after(100ms), 5s);
  EXPECT_EQ(after(3s), 150s);
}

TEST(StallAfterTest, GrowsWithTheLongestTextThatMayCome) {
  const auto after = [](std::uint64_t longest_text) {
    return std::chrono::round<std::chrono::seconds>(StallAfter({100ms, 64}, longest_text));
  };
  EXPECT_EQ(after(64), 5s);
  EXPECT_EQ(after(256), 5s);
  EXPECT_EQ(after(8192), 128s);
  EXPECT_EQ(StallAfter({0ns, 0}, 8192), 2s);
}

TEST(MeasuredStepTest, OrdersByTime) {
  EXPECT_LT(MeasuredStep(1ms, 500), MeasuredStep(2ms, 3));
  EXPECT_LT(MeasuredStep(), MeasuredStep(1ms, 1));
  EXPECT_EQ(MeasuredStep(1h, 16384).tokens(), 16384U);
  EXPECT_NEAR(std::chrono::duration<double>(MeasuredStep(1h, 16384).took()).count(), 3600, 1e-3);
  EXPECT_EQ(MeasuredStep(1h, std::uint64_t{1} << 40U).tokens(), (1U << 24U) - 1);
}

TEST_F(SchedulerTest, TheStallLimitIsDerivedFromTheStepsSoFar) {
  std::atomic<bool> slow = true;
  model_.on_run = [&](const PackedBatch&) {
    if (slow) std::this_thread::sleep_for(60ms);
  };
  Scheduler scheduler(model_, Options(1), metrics_);
  Answer answer = Submit(scheduler, {1});
  EXPECT_TRUE(answer.get().ok());
  Answer after = Submit(scheduler, {1});  // the first is noted before the next begins
  EXPECT_TRUE(after.get().ok());
  EXPECT_GE(scheduler.DeriveStallAfter(), 3s);
}

}  // namespace
}  // namespace embd
