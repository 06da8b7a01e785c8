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
  EXPECT_TRUE(one.TryGrow(60));
  EXPECT_FALSE(two->TryGrow(41));
  EXPECT_TRUE(two->TryGrow(40));
  EXPECT_FALSE(one.TryGrow(1));
  EXPECT_EQ(shown.value(), 100);
  two.reset();
  EXPECT_EQ(shown.value(), 60);
  EXPECT_TRUE(one.TryGrow(40));
}

TEST(AnswerBudget, TheOnlyAnswerMayGoBeyond) {
  Gauge shown;
  AnswerBudget budget(100, shown);
  {
    AnswerBudget::Lease large(budget);
    EXPECT_TRUE(large.TryGrow(150));
    EXPECT_TRUE(large.TryGrow(1000));
    AnswerBudget::Lease small(budget);
    EXPECT_FALSE(small.TryGrow(1));
    EXPECT_TRUE(large.TryGrow(1));
  }
  EXPECT_EQ(shown.value(), 0);
}

}  // namespace
}  // namespace embd
