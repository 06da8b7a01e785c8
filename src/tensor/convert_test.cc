#include "tensor/convert.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace embd {
namespace {

// Straight from IEEE 754-2008, 3.4: sign, five exponent bits, ten fraction bits.
float SlowF16(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const float sign = (bits >> 15) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) {
    return fraction == 0 ? sign * std::numeric_limits<float>::infinity()
                         : std::numeric_limits<float>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

TEST(ConvertTest, EveryHalfHasItsValue) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float expected = SlowF16(static_cast<std::uint16_t>(bits));
    const float actual = FloatFromF16(static_cast<std::uint16_t>(bits));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(actual)) << bits;
    } else {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(actual), std::bit_cast<std::uint32_t>(expected))
          << bits;
    }
  }
}

TEST(ConvertTest, BFloat16IsTheUpperHalf) {
  EXPECT_EQ(FloatFromBF16(0x3f80), 1.0F);
  EXPECT_EQ(FloatFromBF16(0xc000), -2.0F);
  EXPECT_EQ(FloatFromBF16(0x0001), std::ldexp(1.0F, -133));
  EXPECT_TRUE(std::isnan(FloatFromBF16(0x7fc0)));
}

TEST(ConvertTest, ReadsMisalignedRuns) {
  const std::array<std::uint16_t, 3> halves = {0x3c00, 0xc000, 0x0001};
  std::vector<std::byte> bytes(1 + sizeof(halves));
  std::memcpy(bytes.data() + 1, halves.data(), sizeof(halves));
  std::array<float, 3> out = {};
  ConvertToFloat(bytes.data() + 1, DType::kF16, 3, out.data());
  EXPECT_EQ(out, (std::array<float, 3>{1.0F, -2.0F, std::ldexp(1.0F, -24)}));

  const std::array<float, 2> floats = {1.5F, -0.25F};
  std::memcpy(bytes.data() + 1, floats.data(), 4);
  ConvertToFloat(bytes.data() + 1, DType::kF32, 1, out.data());
  EXPECT_EQ(out[0], 1.5F);
  ConvertToFloat(nullptr, DType::kF32, 0, nullptr);
}

TEST(ConvertDeathTest, OtherTypesAreABug) {
  std::array<std::byte, 8> bytes = {};
  float out = 0;
  EXPECT_DEATH(ConvertToFloat(bytes.data(), DType::kI64, 1, &out), "");
}

}  // namespace
}  // namespace embd
