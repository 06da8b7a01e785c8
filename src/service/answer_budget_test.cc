#include "service/answer_budget.h"

#include <gtest/gtest.h>

#include <optional>

namespace embd {
namespace {

TEST(AnswerBudget, TurnsAwayWhatDoesNotFit) {
  Gauge shown;
  AnswerBudget budget(100, shown);
  AnswerBudget::Lease one(budget);
  std::optional<AnswerBudget::Lease> two(budget);
  EXPECT_TRUE(one.Reserve(60).ok());
  EXPECT_FALSE(two->Reserve(41).ok());
  EXPECT_TRUE(two->Reserve(40).ok());
  EXPECT_FALSE(one.Reserve(1).ok());
  EXPECT_EQ(shown.value(), 100);
  two.reset();
  EXPECT_EQ(shown.value(), 60);
  EXPECT_TRUE(one.Reserve(40).ok());
}

TEST(AnswerBudget, TheOnlyAnswerMayGoBeyond) {
  Gauge shown;
  AnswerBudget budget(100, shown);
  {
    AnswerBudget::Lease large(budget);
    EXPECT_TRUE(large.Reserve(150).ok());
    EXPECT_TRUE(large.Reserve(1000).ok());
    AnswerBudget::Lease small(budget);
    EXPECT_FALSE(small.Reserve(1).ok());
    EXPECT_TRUE(large.Reserve(1).ok());
  }
  EXPECT_EQ(shown.value(), 0);
}

TEST(AnswerBudget, SaysWhenToTryAgain) {
  Gauge shown;
  AnswerBudget budget(100, shown);
  AnswerBudget::Lease one(budget);
  ASSERT_TRUE(one.Reserve(100).ok());
  AnswerBudget::Lease two(budget);
  const Result<void> refused = two.Reserve(1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverloaded);
  EXPECT_EQ(refused.error().message, "Model is overloaded");
  EXPECT_GE(refused.error().retry_after_s, 1U);
  EXPECT_LE(refused.error().retry_after_s, 60U);
}

}  // namespace
}  // namespace embd
