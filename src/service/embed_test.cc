#include "service/embed.h"

#include <gtest/gtest.h>

#include <limits>

namespace embd {
namespace {

TEST(SparseOf, KeepsWhatIsNotZeroInOrder) {
  const std::vector<float> row = {0, 1.5F, -0.0F, 0, -2, std::numeric_limits<float>::denorm_min()};
  const std::vector<SparseValue> values = SparseOf(row);
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[0].index, 1U);
  EXPECT_EQ(values[0].value, 1.5F);
  EXPECT_EQ(values[1].index, 4U);
  EXPECT_EQ(values[1].value, -2);
  EXPECT_EQ(values[2].index, 5U);
  EXPECT_EQ(values.capacity(), 3U);
}

TEST(SparseOf, MayBeEmpty) {
  EXPECT_TRUE(SparseOf(std::vector<float>{}).empty());
  EXPECT_TRUE(SparseOf(std::vector<float>(100)).empty());
}

}  // namespace
}  // namespace embd
