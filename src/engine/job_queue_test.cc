#include "engine/job_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace embd {
namespace {

using ::testing::ElementsAre;

Job JobOf(std::size_t tokens) {
  Job job;
  job.ids.assign(tokens, 0);
  return job;
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
  Job first = JobOf(1);
  Job second = JobOf(2);
  EXPECT_TRUE(queue.TryPush(first));
  EXPECT_FALSE(queue.TryPush(second));
  EXPECT_EQ(second.ids.size(), 2U);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(JobQueueTest, CapacityZeroRefusesEverything) {
  JobQueue queue(0);
  Job job = JobOf(1);
  EXPECT_FALSE(queue.TryPush(job));
  EXPECT_TRUE(queue.View().empty());
}

TEST(JobQueueTest, TakesFromAnyPlaceAndKeepsTheOrder) {
  JobQueue queue(5);
  for (std::size_t tokens = 1; tokens <= 5; ++tokens) {
    Job job = JobOf(tokens);
    ASSERT_TRUE(queue.TryPush(job));
  }
  std::vector<Job> taken;
  std::vector<Job> dropped;
  queue.Take({.take = {0, 3}, .drop = {1}}, taken, dropped);
  EXPECT_THAT(Lengths(taken), ElementsAre(1, 4));
  EXPECT_THAT(Lengths(dropped), ElementsAre(2));
  EXPECT_THAT(Tokens(queue.View()), ElementsAre(3, 5));

  // The freed slots are used again, behind what waited.
  for (const std::size_t tokens : {6, 7, 8}) {
    Job job = JobOf(tokens);
    ASSERT_TRUE(queue.TryPush(job));
  }
  Job refused = JobOf(9);
  EXPECT_FALSE(queue.TryPush(refused));
  EXPECT_THAT(Tokens(queue.View()), ElementsAre(3, 5, 6, 7, 8));
  taken.clear();
  queue.Take({.take = {0, 1, 2, 3, 4}, .drop = {}}, taken, dropped);
  EXPECT_THAT(Lengths(taken), ElementsAre(3, 5, 6, 7, 8));
  EXPECT_TRUE(queue.empty());
}

TEST(JobQueueTest, ViewSeesCancellationsThatCameLater) {
  JobQueue queue(2);
  Job kept = JobOf(1);
  Job gone = JobOf(2);
  const Cancellation cancellation = gone.cancellation;
  ASSERT_TRUE(queue.TryPush(kept));
  ASSERT_TRUE(queue.TryPush(gone));
  EXPECT_FALSE(queue.View()[1].cancelled);
  cancellation.Cancel();
  EXPECT_TRUE(queue.View()[1].cancelled);
  EXPECT_FALSE(queue.View()[0].cancelled);
}

}  // namespace
}  // namespace embd
