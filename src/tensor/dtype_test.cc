#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace embd {
namespace {

TEST(DTypeTest, NamesGoBothWaysAndAreDistinct) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(DType::kF8E5M2); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(DTypeFromSafetensors(SafetensorsName(dtype)), dtype);
    names.emplace(SafetensorsName(dtype));
  }
  EXPECT_EQ(names.size(), 15U);
}

TEST(DTypeTest, SizesFollowTheNames) {
  EXPECT_EQ(SizeOf(DType::kBool), 1U);
  EXPECT_EQ(SizeOf(DType::kF8E4M3), 1U);
  EXPECT_EQ(SizeOf(DType::kBF16), 2U);
  EXPECT_EQ(SizeOf(DType::kF16), 2U);
  EXPECT_EQ(SizeOf(DType::kF32), 4U);
  EXPECT_EQ(SizeOf(DType::kU32), 4U);
  EXPECT_EQ(SizeOf(DType::kF64), 8U);
}

TEST(DTypeTest, UnknownNamesAreNothing) {
  for (const char* name : {"", "f32", "F32 ", "F4", "C64", "F128"}) {
    EXPECT_FALSE(DTypeFromSafetensors(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace embd
