#include <cmath>

#include "kernels/test_support.h"

namespace embd {
namespace {

using kernel_test::ExpectNear;
using kernel_test::IsaTest;
using kernel_test::kEpsilon;
using kernel_test::LaneScratch;
using kernel_test::SameBits;
using kernel_test::TestMatrix;

class RotaryTest : public IsaTest {
 protected:
  LaneScratch scratch_{*backend_, {}};
  const std::vector<std::uint32_t> positions_ = {0, 1, 2, 0, 7, 6, 3};

  // Cosines and sines of random angles.
  static TestMatrix Angles(std::int64_t pairs) {
    TestMatrix angles = TestMatrix::Random(8, 2 * pairs, 3, 5, 1, 3.0F);
    for (std::int64_t position = 0; position < 8; ++position) {
      for (std::int64_t i = 0; i < pairs; ++i) {
        const float angle = angles.at(position, i);
        angles.at(position, i) = std::cos(angle);
        angles.at(position, pairs + i) = std::sin(angle);
      }
    }
    return angles;
  }
};

TEST_P(RotaryTest, EqualsTheReference) {
  for (const RotaryPairs pairs : {RotaryPairs::kHalves, RotaryPairs::kNeighbours}) {
    for (const int head_size : {2, 6, 32, 34, 64, 80, 128, 256}) {
      for (const std::int64_t rotated :
           {0, 2, head_size / 2 / 2 * 2, head_size}) {  // an even part of the head
        const auto half = rotated / 2;
        TestMatrix angles = Angles(half);
        const RotaryArgs args{.position_ids = positions_,
                              .angles = angles.view(),
                              .head_size = head_size,
                              .pairs = pairs};
        const std::int64_t cols = 3 * head_size;
        TestMatrix expected = TestMatrix::Random(7, cols, 1, 3, 2);
        TestMatrix actual = TestMatrix::Random(7, cols, 1, 3, 2);
        TestMatrix split = TestMatrix::Random(7, cols, 1);
        ref_->Rotate(args, expected.view(), scratch_.lane());
        backend_->Rotate(args, actual.view(), scratch_.lane());
        for (int lane = 0; lane < 3; ++lane) {
          backend_->Rotate(args, split.view(), scratch_.lane(lane, 3));
        }
        ExpectNear(
            actual.view(), expected.view(),
            [](std::int64_t, std::int64_t) { return 2 * kEpsilon * 5; },
            std::to_string(head_size) + " rotated " + std::to_string(rotated));
        EXPECT_TRUE(actual.padding_is_untouched());
        EXPECT_TRUE(SameBits(actual.view(), split.view()));
      }
    }
  }
}

TEST_P(RotaryTest, WhatIsBesideTheTurnedValuesStays) {
  TestMatrix angles = Angles(8);
  const RotaryArgs args{.position_ids = positions_, .angles = angles.view(), .head_size = 20};
  TestMatrix before = TestMatrix::Random(7, 40, 1);
  TestMatrix after = TestMatrix::Random(7, 40, 1);
  backend_->Rotate(args, after.view(), scratch_.lane());
  for (std::int64_t token = 0; token < 7; ++token) {
    for (std::int64_t c = 0; c < 40; ++c) {
      EXPECT_EQ(before.at(token, c) == after.at(token, c), c % 20 >= 16) << token << " " << c;
    }
  }
}

TEST_P(RotaryTest, DenormalsTurnIntoDenormals) {
  TestMatrix angles(1, 2);
  angles.at(0, 0) = 0.0F;
  angles.at(0, 1) = 1.0F;
  const std::vector<std::uint32_t> first = {0};
  TestMatrix x(1, 2);
  x.at(0, 0) = 1e-42F;
  x.at(0, 1) = 3e-42F;
  backend_->Rotate({.position_ids = first, .angles = angles.view(), .head_size = 2}, x.view(),
                   scratch_.lane());
  EXPECT_EQ(x.at(0, 0), -3e-42F);
  EXPECT_EQ(x.at(0, 1), 1e-42F);
}

EMBD_FOR_EACH_ISA(RotaryTest);

}  // namespace
}  // namespace embd
