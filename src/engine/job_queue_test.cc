#include "engine/job_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace embd {
namespace {

using ::testing::ElementsAre;

Job JobOfLength(std::size_t tokens) {
  Job job;
  job.ids.assign(tokens, 0);
  return job;
}

BatchChoice Choice(std::vector<std::size_t> take, std::vector<std::size_t> drop) {
  BatchChoice choice;
  choice.take = std::move(take);
  choice.drop = std::move(drop);
  return choice;
}

std::vector<std::size_t> Lengths(const std::vector<Job>& jobs) {
  std::vector<std::size_t> lengths;
  for (const Job& job : jobs) lengths.push_back(job.ids.size());
  return lengths;
}

std::vector<std::uint32_t> Tokens(std::span<const QueuedJob> view) {
  std::vector<std::uint32_t> tokens;
  for (const QueuedJob& job : view) tokens.push_back(job.tokens);
  return tokens;
}

TEST(JobQueueTest, RefusesWhenFullAndLeavesTheJob) {
  JobQueue queue(1);
  Job first = JobOfLength(1);
  Job second = JobOfLength(2);
  EXPECT_TRUE(queue.TryPush(first));
  EXPECT_FALSE(queue.TryPush(second));
  EXPECT_EQ(second.ids.size(), 2U);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(JobQueueTest, CapacityZeroRefusesEverything) {
  JobQueue queue(0);
  Job job = JobOfLength(1);
  EXPECT_FALSE(queue.TryPush(job));
  EXPECT_TRUE(queue.View().empty());
}

TEST(JobQueueTest, TakesFromAnyPlaceAndKeepsTheOrder) {
  JobQueue queue(5);
  for (std::size_t tokens = 1; tokens <= 5; ++tokens) {
    Job job = JobOfLength(tokens);
    ASSERT_TRUE(queue.TryPush(job));
  }
  std::vector<Job> taken;
  std::vector<Job> dropped;
  queue.Take(Choice({0, 3}, {1}), taken, dropped);
  EXPECT_THAT(Lengths(taken), ElementsAre(1, 4));
  EXPECT_THAT(Lengths(dropped), ElementsAre(2));
  EXPECT_THAT(Tokens(queue.View()), ElementsAre(3, 5));

  // The freed slots are used again, behind what waited.
  for (const std::size_t tokens : {6, 7, 8}) {
    Job job = JobOfLength(tokens);
    ASSERT_TRUE(queue.TryPush(job));
  }
  Job refused = JobOfLength(9);
  EXPECT_FALSE(queue.TryPush(refused));
  EXPECT_THAT(Tokens(queue.View()), ElementsAre(3, 5, 6, 7, 8));
  taken.clear();
  queue.Take(Choice({0, 1, 2, 3, 4}, {}), taken, dropped);
  EXPECT_THAT(Lengths(taken), ElementsAre(3, 5, 6, 7, 8));
  EXPECT_TRUE(queue.empty());
}

TEST(JobQueueTest, ViewSeesCancellationsThatCameLater) {
  JobQueue queue(2);
  Job kept = JobOfLength(1);
  Job gone = JobOfLength(2);
  const Cancellation cancellation = gone.cancellation;
  ASSERT_TRUE(queue.TryPush(kept));
  ASSERT_TRUE(queue.TryPush(gone));
  EXPECT_FALSE(queue.View()[1].cancelled);
  cancellation.Cancel();
  EXPECT_TRUE(queue.View()[1].cancelled);
  EXPECT_FALSE(queue.View()[0].cancelled);
}

TEST(JobQueueTest, CountsShortRequestsAsTheyComeAndGo) {
  JobQueue queue(4, {.short_tokens = 10});
  Job first = JobOfLength(10);
  Job of_a_batch = JobOfLength(5);
  of_a_batch.request_tokens = 160;
  Job longer = JobOfLength(11);
  Job last = JobOfLength(1);
  for (Job* job : {&first, &of_a_batch, &longer, &last}) ASSERT_TRUE(queue.TryPush(*job));
  EXPECT_EQ(queue.short_jobs(), 2U);
  EXPECT_EQ(queue.View()[0].request_tokens, 10U);
  EXPECT_EQ(queue.View()[1].request_tokens, 160U);
  std::vector<Job> taken;
  std::vector<Job> dropped;
  queue.Take(Choice({0, 2}, {1}), taken, dropped);
  EXPECT_EQ(queue.short_jobs(), 1U);
  queue.Take(Choice({}, {0}), taken, dropped);
  EXPECT_EQ(queue.short_jobs(), 0U);
}

}  // namespace
}  // namespace embd
