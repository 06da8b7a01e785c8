#include "service/normalize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace embd {
namespace {

TEST(NormalizeL2Test, ScalesToLengthOne) {
  std::vector<float> row = {3, 0, -4};
  NormalizeL2(row);
  EXPECT_EQ(row, (std::vector<float>{3 * 0.2F, 0, -4 * 0.2F}));
}

TEST(NormalizeL2Test, SumsInDouble) {
  // In float the small squares would vanish beside the large one and 1e20 would overflow.
  std::vector<float> row(1 + 10000, 1.0F);
  row[0] = 10000;
  NormalizeL2(row);
  EXPECT_FLOAT_EQ(row[0], static_cast<float>(1e4 / std::sqrt(1e8 + 1e4)));
  std::vector<float> large = {1e20F, 1e20F};
  NormalizeL2(large);
  EXPECT_FLOAT_EQ(large[0], static_cast<float>(std::sqrt(0.5)));
}

TEST(NormalizeL2Test, ZerosBecomeNaN) {
  std::vector<float> row = {0, 0};
  NormalizeL2(row);
  EXPECT_TRUE(std::isnan(row[0]));
  EXPECT_TRUE(std::isnan(row[1]));
  NormalizeL2({});
}

}  // namespace
}  // namespace embd
