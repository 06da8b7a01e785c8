#include "service/similarity.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

std::vector<float> Of(std::vector<float> values, std::int64_t dimensions) {
  return SimilaritiesToFirst(
      {.values = std::move(values), .dimensions = dimensions, .compute = {}});
}

TEST(SimilaritiesToFirst, AreCosines) {
  EXPECT_EQ(Of({3, 4, 6, 8, -3, -4, -4, 3, 4, 3}, 2), (std::vector<float>{1, -1, 0, 0.96F}));
}

TEST(SimilaritiesToFirst, HaveNothingToCompareWithOneRow) { EXPECT_TRUE(Of({1, 2}, 2).empty()); }

TEST(SimilaritiesToFirst, DoNotOverflow) {
  EXPECT_FLOAT_EQ(Of({1e30F, 1e30F, 1e30F, 1e30F}, 2)[0], 1.0F);
}

TEST(SimilaritiesToFirst, TakeZerosForAlikeAndForUnlikeAllElse) {
  EXPECT_EQ(Of({0, 0, 0, 0, 1, 0}, 2), (std::vector<float>{1, 0}));
  EXPECT_EQ(Of({1, 0, 0, 0}, 2), (std::vector<float>{0}));
}

}  // namespace
}  // namespace embd
