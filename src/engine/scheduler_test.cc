#include "engine/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "engine/scheduler_test_support.h"

namespace embd {
namespace {

using namespace std::chrono_literals;

using testing::Answer;
using testing::Becomes;
using ::testing::HasSubstr;
using testing::JobOf;
using testing::KindOf;
using testing::Options;
using testing::SchedulerTest;
using testing::Submit;
using testing::TestModel;

TEST_F(SchedulerTest, AnswersEveryJobOfManySubmittersWithItsOwnRow) {
  model_.on_run = [](const PackedBatch& batch) {
    EXPECT_LE(batch.tokens(), 64);
    EXPECT_LE(batch.sequences(), 8);
  };
  Scheduler scheduler(model_, Options(3), metrics_);
  {
    std::vector<std::jthread> submitters;
    for (std::uint32_t t = 0; t < 4; ++t) {
      submitters.emplace_back([&scheduler, t] {
        std::vector<std::pair<std::vector<std::uint32_t>, Answer>> answers;
        for (std::uint32_t i = 0; i < 200; ++i) {
          std::vector<std::uint32_t> ids(1 + (i * 7 + t) % 32, i % 100 + t);
          Answer answer = Submit(scheduler, ids);
          answers.emplace_back(std::move(ids), std::move(answer));
        }
        for (auto& [ids, answer] : answers) {
          const Result<JobResult> result = answer.get();
          ASSERT_TRUE(result.ok());
          ASSERT_EQ(result->values.size(), 4U);
          for (std::int64_t c = 0; c < 4; ++c) {
            ASSERT_EQ(result->values[static_cast<std::size_t>(c)], TestModel::Pooled(ids, c));
          }
        }
      });
    }
  }
  EXPECT_TRUE(scheduler.Health().healthy);
  EXPECT_EQ(metrics_.queue_size.value(), 0);
  EXPECT_EQ(metrics_.batch_next_size.sum(), 800);
  EXPECT_EQ(metrics_.batch_next_tokens.sum(), static_cast<double>(metrics_.tokens_total.value()));
}

TEST_F(SchedulerTest, QueuedJobsShareAStepAndOnlyTheBadOnesFail) {
  std::mutex mutex;
  std::multiset<std::int64_t> sizes;
  model_.on_run = [&](const PackedBatch& batch) {
    gate_.Wait();
    const std::lock_guard lock(mutex);
    sizes.insert(batch.sequences());
  };
  Scheduler scheduler(model_, Options(1), metrics_);
  Answer first = Submit(scheduler, {1});
  gate_.WaitForArrivals(1);
  std::vector<Answer> answers;
  for (const std::uint32_t id :
       {std::uint32_t{2}, TestModel::kPoison, std::uint32_t{3}, TestModel::kNotANumber}) {
    answers.push_back(Submit(scheduler, {id}));
  }
  EXPECT_EQ(metrics_.queue_size.value(), 4);
  gate_.Open();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(answers[0].get().ok());
  EXPECT_EQ(answers[1].get().error().message, "Backend error: poison");
  EXPECT_TRUE(answers[2].get().ok());
  EXPECT_THAT(answers[3].get().error().message, HasSubstr("not finite"));
  // The first alone, four together, and those four again one by one.
  EXPECT_EQ(sizes, (std::multiset<std::int64_t>{1, 4, 1, 1, 1, 1}));
  EXPECT_TRUE(scheduler.Health().healthy);
}

TEST_F(SchedulerTest, CancelledJobsAreDroppedUnrun) {
  std::mutex mutex;
  std::vector<std::uint32_t> seen;
  model_.on_run = [&](const PackedBatch& batch) {
    gate_.Wait();
    const std::lock_guard lock(mutex);
    seen.insert(seen.end(), batch.ids.begin(), batch.ids.end());
  };
  Scheduler scheduler(model_, Options(1), metrics_);
  Answer running = Submit(scheduler, {1});
  gate_.WaitForArrivals(1);
  Job gone = JobOf({2});
  const Cancellation cancellation = gone.cancellation;
  Answer dropped = Submit(scheduler, std::move(gone));
  Answer kept = Submit(scheduler, {3});
  cancellation.Cancel();
  gate_.Open();
  EXPECT_EQ(KindOf(dropped), ErrorKind::kCancelled);
  EXPECT_TRUE(running.get().ok());
  EXPECT_TRUE(kept.get().ok());
  EXPECT_EQ(metrics_.cancelled_total.value(), 1U);
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{1, 3}));
}

TEST_F(SchedulerTest, RefusesWhatItCannotRun) {
  Scheduler scheduler(model_, Options(1), metrics_);
  Answer empty = Submit(scheduler, std::vector<std::uint32_t>{});
  EXPECT_EQ(KindOf(empty), ErrorKind::kValidation);
  Answer too_long = Submit(scheduler, std::vector<std::uint32_t>(33, 1));
  EXPECT_EQ(KindOf(too_long), ErrorKind::kValidation);
  Job uneven = JobOf({1, 2});
  uneven.type_ids.pop_back();
  Answer refused = Submit(scheduler, std::move(uneven));
  EXPECT_EQ(KindOf(refused), ErrorKind::kValidation);
  Answer longest = Submit(scheduler, std::vector<std::uint32_t>(32, 1));
  EXPECT_TRUE(longest.get().ok());
}

TEST_F(SchedulerTest, AFullQueueIsOverloaded) {
  CloseGate();
  SchedulerOptions options = Options(1);
  options.queue_capacity = 2;
  Scheduler scheduler(model_, options, metrics_);
  Answer running = Submit(scheduler, {1});
  gate_.WaitForArrivals(1);
  Answer second = Submit(scheduler, {2});
  Answer third = Submit(scheduler, {3});
  Answer refused = Submit(scheduler, {4});
  EXPECT_EQ(KindOf(refused), ErrorKind::kOverloaded);
  gate_.Open();
  EXPECT_TRUE(running.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_TRUE(third.get().ok());
}

TEST_F(SchedulerTest, AStuckStepIsUnhealthyUntilItEnds) {
  CloseGate();
  SchedulerOptions options = Options(2);
  options.stall_after = 1ms;
  Scheduler scheduler(model_, options, metrics_);
  EXPECT_TRUE(scheduler.Health().healthy);
  Answer stuck = Submit(scheduler, {1});
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/false));
  EXPECT_STREQ(scheduler.Health().reason, "a step does not end");
  gate_.Open();
  EXPECT_TRUE(stuck.get().ok());
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/true));
}

TEST_F(SchedulerTest, AFailedModelIsUnhealthyAndRecoversWithoutTraffic) {
  std::atomic<bool> broken{true};
  model_.on_run = [&](const PackedBatch&) {
    if (broken) throw std::runtime_error("broken");
  };
  Scheduler scheduler(model_, Options(2), metrics_);
  EXPECT_TRUE(scheduler.Health().healthy);
  Answer failed = Submit(scheduler, {1});
  EXPECT_EQ(failed.get().error().message, "Backend error: broken");
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/false));
  EXPECT_STREQ(scheduler.Health().reason, "the model failed");
  broken = false;
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/true));
  Answer answer = Submit(scheduler, {1});
  EXPECT_TRUE(answer.get().ok());
}

TEST_F(SchedulerTest, TrafficRecoversAFailedModelToo) {
  std::atomic<bool> broken{true};
  model_.on_run = [&](const PackedBatch&) {
    if (broken) throw std::runtime_error("broken");
  };
  SchedulerOptions options = Options(1);
  options.probe_every = 1h;
  Scheduler scheduler(model_, options, metrics_);
  Answer failed = Submit(scheduler, {1});
  EXPECT_FALSE(failed.get().ok());
  while (model_.runs() < 2) std::this_thread::sleep_for(1ms);  // the probe that comes at once
  EXPECT_FALSE(scheduler.Health().healthy);
  broken = false;
  Answer answer = Submit(scheduler, {1});
  EXPECT_TRUE(answer.get().ok());
  EXPECT_TRUE(Becomes(scheduler, /*healthy=*/true));
}

TEST_F(SchedulerTest, OneBadInputDoesNotLeaveTheServerUnhealthy) {
  SchedulerOptions options = Options(1);
  options.probe_every = 1h;  // the probe that comes at once suffices, each time
  Scheduler scheduler(model_, options, metrics_);
  for (int i = 0; i < 3; ++i) {
    const int runs = model_.runs();
    Answer bad = Submit(scheduler, {TestModel::kPoison});
    EXPECT_EQ(KindOf(bad), ErrorKind::kBackend);
    for (int ms = 0; ms < 30'000 && model_.runs() < runs + 2; ++ms)
      std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(Becomes(scheduler, /*healthy=*/true));
    EXPECT_EQ(model_.runs(), runs + 2);
  }
  Answer good = Submit(scheduler, {1});
  EXPECT_TRUE(good.get().ok());
}

TEST_F(SchedulerTest, DestructionAnswersWhatIsQueuedAndFinishesWhatRuns) {
  CloseGate();
  auto scheduler = std::make_unique<Scheduler>(model_, Options(1), metrics_);
  Answer running = Submit(*scheduler, {1});
  gate_.WaitForArrivals(1);
  std::vector<Answer> queued;
  for (int i = 0; i < 10; ++i) queued.push_back(Submit(*scheduler, {2}));
  std::jthread destroyer([&] { scheduler.reset(); });
  for (Answer& answer : queued) EXPECT_EQ(KindOf(answer), ErrorKind::kCancelled);
  gate_.Open();
  EXPECT_TRUE(running.get().ok());
  destroyer.join();
  EXPECT_EQ(model_.runs(), 1);
}

TEST_F(SchedulerTest, EveryJobIsAnsweredOnceWhenDestructionMeetsTraffic) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> answered{0};
    {
      Scheduler scheduler(model_, Options(2), metrics_);
      std::vector<std::jthread> submitters;
      for (int t = 0; t < 3; ++t) {
        submitters.emplace_back([&] {
          for (std::uint32_t i = 0; i < 30; ++i) {
            Job job = JobOf({i});
            if (i % 5 == 0) job.cancellation.Cancel();
            job.done = [&answered](const Result<JobResult>&) { ++answered; };
            scheduler.Submit(std::move(job));
          }
        });
      }
      submitters.clear();
    }
    EXPECT_EQ(answered, 90);
  }
}

TEST_F(SchedulerTest, ADoneThatThrowsDoesNotEndTheWorker) {
  Scheduler scheduler(model_, Options(1), metrics_);
  Job job = JobOf({1});
  job.done = [](const Result<JobResult>&) { throw std::runtime_error("from done"); };
  scheduler.Submit(std::move(job));
  Answer answer = Submit(scheduler, {2});
  EXPECT_TRUE(answer.get().ok());
  EXPECT_TRUE(scheduler.Health().healthy);
}

TEST_F(SchedulerTest, PlansAtLeastItsArenas) {
  const SchedulerOptions one = Options(1);
  SchedulerOptions three = Options(3);
  const std::size_t arenas = model_.ActivationBytes(one.step) + model_.ScratchBytes(one.step);
  EXPECT_GE(Scheduler::ResidentBytes(model_, one), arenas);
  EXPECT_GE(Scheduler::ResidentBytes(model_, three),
            Scheduler::ResidentBytes(model_, one) + 2 * arenas);
}

}  // namespace
}  // namespace embd
