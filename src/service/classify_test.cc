#include "service/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace embd {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::IsNan;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> Softmax(std::vector<float> logits) {
  SoftmaxScores(logits);
  return logits;
}

std::vector<float> Sigmoid(std::vector<float> logits) {
  SigmoidScores(logits);
  return logits;
}

TEST(SoftmaxScores, SharesOutOne) {
  // e, e^2, e^3 by their sum
  EXPECT_THAT(Softmax({1, 2, 3}),
              ElementsAre(FloatEq(0.09003057F), FloatEq(0.24472847F), FloatEq(0.66524096F)));
  EXPECT_THAT(Softmax({5, 5}), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(Softmax({7}), ElementsAre(1.0F));
  EXPECT_TRUE(Softmax({}).empty());
}

TEST(SoftmaxScores, TakesLogitsOfAnySize) {
  // Where TEI subtracts what is greatest by magnitude and overflows.
  EXPECT_THAT(Softmax({-2200, -800, -1500}), ElementsAre(0.0F, 1.0F, 0.0F));
  EXPECT_THAT(Softmax({3e38F, -3e38F}), ElementsAre(1.0F, 0.0F));
  EXPECT_THAT(Softmax({-kInfinity, 0}), ElementsAre(0.0F, 1.0F));
}

TEST(SoftmaxScores, OneNaNSpoilsAll) {
  EXPECT_THAT(Softmax({kNaN, 1}), ElementsAre(IsNan(), IsNan()));
  EXPECT_THAT(Softmax({1, kNaN}), ElementsAre(IsNan(), IsNan()));
  EXPECT_THAT(Softmax({kInfinity, 1}), ElementsAre(IsNan(), IsNan()));
}

TEST(SigmoidScores, GoesFromZeroToOne) {
  EXPECT_THAT(Sigmoid({0, 1, -1}), ElementsAre(0.5F, FloatEq(0.7310586F), FloatEq(0.26894143F)));
  EXPECT_THAT(Sigmoid({1000, -1000, kInfinity, -kInfinity}), ElementsAre(1.0F, 0.0F, 1.0F, 0.0F));
  EXPECT_THAT(Sigmoid({kNaN}), ElementsAre(IsNan()));
}

TEST(LogitsToScores, JudgesOneLogitByItself) {
  std::vector<float> one = {0};
  LogitsToScores(one);
  EXPECT_THAT(one, ElementsAre(0.5F));
  std::vector<float> two = {0, 0};
  LogitsToScores(two);
  EXPECT_THAT(two, ElementsAre(0.5F, 0.5F));
}

TEST(AnyNaN, LooksAtAll) {
  EXPECT_FALSE(AnyNaN(std::vector<float>{}));
  EXPECT_FALSE(AnyNaN(std::vector<float>{1, kInfinity}));
  EXPECT_TRUE(AnyNaN(std::vector<float>{1, kNaN}));
}

std::vector<std::uint32_t> Order(const std::vector<float>& scores) {
  std::vector<std::uint32_t> order;
  for (const Rank& rank : RankByScore(scores)) {
    EXPECT_EQ(rank.score, scores[rank.index]);
    order.push_back(rank.index);
  }
  return order;
}

TEST(RankByScore, FallsAndTurnsTiesAround) {
  EXPECT_THAT(Order({0.5F, 0.9F, 0.1F}), ElementsAre(1, 0, 2));
  EXPECT_THAT(Order({1, 2, 1, 2, 1}), ElementsAre(3, 1, 4, 2, 0));
  EXPECT_THAT(Order({-0.0F, 0.0F}), ElementsAre(1, 0));  // equal
  EXPECT_THAT(Order({-kInfinity, 0, kInfinity}), ElementsAre(2, 1, 0));
  EXPECT_TRUE(Order({}).empty());
}

}  // namespace
}  // namespace embd
