#include "engine/step_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/test_allocations.h"
#include "engine/job_queue.h"
#include "engine/test_model.h"

namespace embd {
namespace {

using ::testing::ElementsAre;
using testing::TestModel;

constexpr StepLimits kRunnerLimits{.max_tokens = 64, .max_sequences = 8, .max_sequence_tokens = 64};

// What a job was answered, in a place of its own.
struct Answered {
  int times = 0;
  std::optional<Result<JobResult>> result;
};

Job AnsweredJob(std::vector<std::uint32_t> ids, Answered& answered) {
  Job job;
  job.type_ids.assign(ids.size(), 0);
  job.ids = std::move(ids);
  job.submitted = Clock::now();
  job.done = [&answered](Result<JobResult> result) {
    ++answered.times;
    answered.result.emplace(std::move(result));
  };
  return job;
}

class StepRunnerTest : public ::testing::Test {
 protected:
  // Runs one job per list of ids as one step.
  bool Run(const std::vector<std::vector<std::uint32_t>>& inputs,
           OutputKind output = OutputKind::kPooled) {
    answers_ = std::vector<Answered>(inputs.size());
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      jobs.push_back(AnsweredJob(inputs[i], answers_[i]));
      jobs.back().output = output;
    }
    const bool ran = runner_.Run(jobs);
    for (const Answered& answered : answers_) EXPECT_EQ(answered.times, 1);
    return ran;
  }

  const std::vector<float>& Values(std::size_t job) {
    static const std::vector<float> kNone;
    return answers_[job].result->ok() ? (*answers_[job].result)->values : kNone;
  }
  std::string ErrorOf(std::size_t job) {
    if (answers_[job].result->ok()) return "no error";
    EXPECT_EQ(answers_[job].result->error().kind, ErrorKind::kBackend);
    return answers_[job].result->error().message;
  }

  TestModel model_{3};
  Metrics metrics_{64};
  StepRunner runner_{model_, {.limits = kRunnerLimits}, metrics_};
  std::vector<Answered> answers_;
};

TEST_F(StepRunnerTest, PacksEndToEndAndGivesEachJobItsRow) {
  std::vector<std::uint32_t> ids, positions, offsets;
  model_.on_run = [&](const PackedBatch& batch) {
    ids.assign(batch.ids.begin(), batch.ids.end());
    positions.assign(batch.position_ids.begin(), batch.position_ids.end());
    offsets.assign(batch.offsets.begin(), batch.offsets.end());
    EXPECT_EQ(batch.type_ids.size(), batch.ids.size());
  };
  EXPECT_TRUE(Run({{1, 2}, {10}, {5, 6, 7}}));
  EXPECT_THAT(ids, ElementsAre(1, 2, 10, 5, 6, 7));
  EXPECT_THAT(positions, ElementsAre(0, 1, 0, 0, 1, 2));
  EXPECT_THAT(offsets, ElementsAre(0, 2, 3, 6));
  EXPECT_THAT(Values(0), ElementsAre(3, 4, 5));
  EXPECT_THAT(Values(1), ElementsAre(10, 11, 12));
  EXPECT_THAT(Values(2), ElementsAre(18, 19, 20));
  EXPECT_EQ(metrics_.tokens_total.value(), 6U);
  EXPECT_EQ(model_.runs(), 1);
}

TEST_F(StepRunnerTest, GivesOneRowPerToken) {
  EXPECT_TRUE(Run({{1, 2}, {3}}, OutputKind::kTokens));
  EXPECT_THAT(Values(0), ElementsAre(1000, 1001, 1002, 2001, 2002, 2003));
  EXPECT_EQ((*answers_[0].result)->rows, 2);
  EXPECT_EQ((*answers_[0].result)->cols, 3);
  EXPECT_THAT(Values(1), ElementsAre(3000, 3001, 3002));
}

TEST_F(StepRunnerTest, OnlyThePoisonedJobFails) {
  EXPECT_TRUE(Run({{1}, {TestModel::kPoison}, {2}}));
  EXPECT_THAT(Values(0), ElementsAre(1, 2, 3));
  EXPECT_EQ(ErrorOf(1), "Backend error: poison");
  EXPECT_THAT(Values(2), ElementsAre(2, 3, 4));
  EXPECT_EQ(model_.runs(), 4);
  EXPECT_EQ(metrics_.tokens_total.value(), 2U);
}

TEST_F(StepRunnerTest, ALoneFailingJobIsRunOnce) {
  EXPECT_FALSE(Run({{TestModel::kPoison}}));
  EXPECT_EQ(ErrorOf(0), "Backend error: poison");
  EXPECT_EQ(model_.runs(), 1);
}

TEST_F(StepRunnerTest, AForeignExceptionIsAnErrorToo) {
  model_.on_run = [](const PackedBatch&) { throw 42; };
  EXPECT_FALSE(Run({{1}, {2}}));
  EXPECT_EQ(ErrorOf(0), "Backend error: unknown exception");
  EXPECT_EQ(ErrorOf(1), "Backend error: unknown exception");
  EXPECT_FALSE(runner_.Probe());
  model_.on_run = nullptr;
  EXPECT_TRUE(runner_.Probe());
}

TEST_F(StepRunnerTest, ANonFiniteRowFailsItsOwnJob) {
  for (const OutputKind output : {OutputKind::kPooled, OutputKind::kTokens}) {
    EXPECT_TRUE(Run({{TestModel::kNotANumber, 1}, {1}, {3, TestModel::kInfinite}, {2}}, output));
    EXPECT_EQ(ErrorOf(0), "Backend error: the model's output is not finite");
    EXPECT_EQ(Values(1).size(), 3U);
    EXPECT_EQ(ErrorOf(2), "Backend error: the model's output is not finite");
    EXPECT_EQ(Values(3).size(), 3U);
  }
}

TEST_F(StepRunnerTest, AJobMayJudgeNonFiniteRowsItself) {
  Answered answered;
  std::vector<Job> jobs;
  jobs.push_back(AnsweredJob({1}, answered));
  jobs.back().must_be_finite = false;
  jobs.back().ids[0] = TestModel::kNotANumber;
  float value = 0;
  jobs.back().done = [&](const Result<JobResult>& result) { value = result->values.at(0); };
  EXPECT_TRUE(runner_.Run(jobs));
  EXPECT_TRUE(std::isnan(value));
}

TEST_F(StepRunnerTest, WhatDoneThrowsDisturbsNobody) {
  Answered answered;
  std::vector<Job> jobs;
  jobs.push_back(AnsweredJob({1}, answered));
  jobs.back().done = [](const Result<JobResult>&) { throw std::runtime_error("from done"); };
  jobs.push_back(AnsweredJob({2}, answered));
  EXPECT_TRUE(runner_.Run(jobs));
  EXPECT_EQ(answered.times, 1);
}

TEST_F(StepRunnerTest, RunsTheLargestStep) {
  EXPECT_TRUE(Run(std::vector<std::vector<std::uint32_t>>(8, std::vector<std::uint32_t>(8, 1))));
  EXPECT_THAT(Values(7), ElementsAre(8, 9, 10));
  EXPECT_TRUE(Run({std::vector<std::uint32_t>(64, 1)}));
  EXPECT_THAT(Values(0), ElementsAre(64, 65, 66));
}

TEST_F(StepRunnerTest, SteadyUseAllocatesOnlyTheAnswers) {
  JobQueue queue(8);
  BatchChoice choice;
  choice.take.reserve(8);
  choice.drop.reserve(8);
  choice.candidates.reserve(8);
  std::vector<Job> taken;
  taken.reserve(8);
  std::vector<Job> dropped;
  dropped.reserve(8);
  for (int round = 0; round < 3; ++round) {
    std::vector<Answered> answers(8);
    std::vector<Job> jobs;
    for (std::uint32_t i = 0; i < 8; ++i) jobs.push_back(AnsweredJob({i, i, i}, answers[i]));
    const int before = testing::ThreadAllocations();
    for (Job& job : jobs) ASSERT_TRUE(queue.TryPush(job));
    ChooseBatch({.jobs = queue.View()}, {.max_tokens = 64, .max_sequences = 8}, choice);
    queue.Take(choice, taken, dropped);
    ASSERT_TRUE(runner_.Run(taken));
    const int after = testing::ThreadAllocations();
    EXPECT_EQ(taken.size(), 8U);
    EXPECT_EQ(after - before, 8);
    taken.clear();
  }
}

}  // namespace
}  // namespace embd
