// Embed, LayerNorm and Pool.

#include <cmath>
#include <limits>

#include "kernels/test_support.h"

namespace embd {
namespace {

using kernel_test::ExpectNear;
using kernel_test::IsaTest;
using kernel_test::kEpsilon;
using kernel_test::LaneScratch;
using kernel_test::SameBits;
using kernel_test::TestMatrix;
using kernel_test::TestWeight;

class RowsTest : public IsaTest {
 protected:
  LaneScratch scratch_{*backend_, {.max_sequence_tokens = 8, .max_head_size = 8}};
};

TEST_P(RowsTest, EmbedIsTheExactSumInAnyType) {
  const std::vector<std::uint32_t> ids = {0, 6, 3, 3};
  const std::vector<std::uint32_t> positions = {0, 1, 2, 0};
  const std::vector<std::uint32_t> types = {1, 0, 1, 0};
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (const std::int64_t cols : {1, 3, 4, 7, 8, 15, 16, 17, 50}) {
      const TestWeight words(dtype, {7, cols}, 1);
      const TestWeight position_table(DType::kF32, {3, cols}, 2);
      const TestWeight type_table(dtype, {2, cols}, 3);
      for (const bool with_others : {true, false}) {
        EmbedArgs args{.words = words.view(),
                       .positions = {},
                       .types = {},
                       .ids = ids,
                       .position_ids = positions,
                       .type_ids = types};
        if (with_others) args.positions = position_table.view();
        if (with_others) args.types = type_table.view();
        TestMatrix expected(4, cols);
        TestMatrix actual(4, cols, 3, 1);
        ref_->Embed(args, expected.view(), scratch_.lane());
        backend_->Embed(args, actual.view(), scratch_.lane());
        EXPECT_TRUE(SameBits(actual.view(), expected.view())) << cols;
        EXPECT_TRUE(actual.padding_is_untouched());
      }
    }
  }
}

TEST_P(RowsTest, EmbedAddsDenormals) {
  constexpr std::int64_t kCols = 21;
  const std::vector<std::uint32_t> ids = {0, 1, 2};
  std::vector<std::uint16_t> halves;  // each denormal as a 16-bit float
  for (std::uint16_t bits = 1; bits <= 3 * kCols; ++bits) halves.push_back(16 * bits);
  const TestWeight floats(DType::kF32, {3, kCols}, 1, 1e-40F);
  const TestWeight brains(DType::kBF16, {3, kCols}, 2, 1e-39F);
  const TensorView tables[] = {
      floats.view(),
      brains.view(),
      {.data = std::as_bytes(std::span(halves)).data(), .dtype = DType::kF16, .shape = {3, kCols}}};
  for (const TensorView& table : tables) {
    const EmbedArgs args{.words = table,
                         .positions = floats.view(),
                         .types = brains.view(),
                         .ids = ids,
                         .position_ids = ids,
                         .type_ids = ids};
    TestMatrix expected(3, kCols);
    TestMatrix actual(3, kCols);
    ref_->Embed(args, expected.view(), scratch_.lane());
    backend_->Embed(args, actual.view(), scratch_.lane());
    EXPECT_TRUE(SameBits(actual.view(), expected.view())) << SafetensorsName(table.dtype);
    EXPECT_NE(expected.at(1, 1), 0.0F);
    EXPECT_LT(std::abs(expected.at(1, 1)), table.dtype == DType::kF16 ? 1e-4F : 1e-37F);
  }
}

TEST_P(RowsTest, WithoutTypeIdsAllAreOfType0) {
  const std::vector<std::uint32_t> ids = {0, 6, 3};
  const std::vector<std::uint32_t> zeros = {0, 0, 0};
  const TestWeight words(DType::kF32, {7, 19}, 1);
  const TestWeight types(DType::kF16, {2, 19}, 3);
  EmbedArgs args{.words = words.view(),
                 .positions = {},
                 .types = types.view(),
                 .ids = ids,
                 .position_ids = {},
                 .type_ids = zeros};
  TestMatrix expected(3, 19);
  ref_->Embed(args, expected.view(), scratch_.lane());
  args.type_ids = {};
  for (const Backend* backend : {ref_.get(), backend_.get()}) {
    TestMatrix actual(3, 19);
    backend->Embed(args, actual.view(), scratch_.lane());
    EXPECT_TRUE(SameBits(actual.view(), expected.view())) << backend->name();
  }
}

TEST_P(RowsTest, LayerNormEqualsTheReference) {
  for (const std::int64_t cols : {1, 2, 4, 7, 15, 16, 17, 33, 100, 384, 769}) {
    TestMatrix in = TestMatrix::Random(5, cols, 1, 3, 1, 3.0F);
    for (std::int64_t c = 0; c < cols; ++c) in.at(2, c) = in.at(2, c) * 1e-3F + 100.0F;
    TestMatrix weights = TestMatrix::Random(2, cols, 2);
    for (const bool with_beta : {true, false}) {
      const NormWeights norm{.gamma = weights.view().row(0),
                             .beta = with_beta ? weights.view().row(1) : nullptr,
                             .epsilon = 1e-12F};
      TestMatrix expected(5, cols);
      TestMatrix actual(5, cols, 1, 2);
      ref_->Norm(in.view(), norm, {}, expected.view(), scratch_.lane());
      backend_->Norm(in.view(), norm, {}, actual.view(), scratch_.lane());
      // Results are of size |gamma|, below 5. The mean is known to epsilon of its own size, which
      // the third row's small spread magnifies by 1e5.
      if (cols > 2) {
        ExpectNear(
            actual.view(), expected.view(),
            [&](std::int64_t row, std::int64_t) {
              return kEpsilon * (row == 2 ? 1e6F : 1.0F) *
                     (16 + std::sqrt(static_cast<float>(cols)));
            },
            std::to_string(cols) + " columns");
      }
      EXPECT_TRUE(actual.padding_is_untouched());
      TestMatrix in_place = TestMatrix::Random(5, cols, 1, 3, 1, 3.0F);
      for (std::int64_t c = 0; c < cols; ++c) in_place.at(2, c) = in.at(2, c);
      backend_->Norm(in_place.view(), norm, {}, in_place.view(), scratch_.lane());
      EXPECT_TRUE(SameBits(in_place.view(), actual.view()));
    }
  }
}

TEST_P(RowsTest, NormOptionsEqualTheReference) {
  for (const NormKind kind : {NormKind::kLayer, NormKind::kRms}) {
    for (const std::int64_t pieces : {1, 2, 5}) {
      for (const std::int64_t cols : {3, 7, 15, 16, 17, 33, 64, 100}) {
        const std::int64_t all = pieces * cols;
        TestMatrix in = TestMatrix::Random(5, all, 1, 3, 1, 3.0F);
        TestMatrix weights = TestMatrix::Random(2, cols, 2);
        TestMatrix residual = TestMatrix::Random(5, all, 4, 1, 2);
        const NormWeights norm{.gamma = weights.view().row(0),
                               .beta = cols % 2 == 0 ? weights.view().row(1) : nullptr,
                               .epsilon = 1e-5F,
                               .kind = kind};
        for (const bool with_residual : {true, false}) {
          NormOptions options{.pieces = pieces};
          if (with_residual) options.residual = residual.view();
          TestMatrix expected(5, all);
          TestMatrix actual(5, all, 1, 2);
          ref_->Norm(in.view(), norm, options, expected.view(), scratch_.lane());
          backend_->Norm(in.view(), norm, options, actual.view(), scratch_.lane());
          // Of three equal signs the spread may be a tenth of the size, which magnifies.
          ExpectNear(
              actual.view(), expected.view(),
              [&](std::int64_t, std::int64_t) {
                return kEpsilon * 10 * (16 + std::sqrt(static_cast<float>(cols)));
              },
              std::to_string(pieces) + " x " + std::to_string(cols));
          EXPECT_TRUE(actual.padding_is_untouched());
          if (!with_residual) continue;
          // The residual may be where the result goes.
          TestMatrix in_place = TestMatrix::Random(5, all, 4, 1, 2);
          options.residual = in_place.view();
          backend_->Norm(in.view(), norm, options, in_place.view(), scratch_.lane());
          EXPECT_TRUE(SameBits(in_place.view(), actual.view()));
        }
      }
    }
  }
}

TEST_P(RowsTest, RmsNormOfDenormalsIsSmallAndOfNothingNothing) {
  const std::vector<float> gamma(20, 1.0F);
  for (const float value : {0.0F, 1e-42F}) {
    TestMatrix in(1, 20);
    in.Fill([&] { return value; });
    TestMatrix out(1, 20);
    backend_->Norm(in.view(), {.gamma = gamma.data(), .epsilon = 1e-6F, .kind = NormKind::kRms}, {},
                   out.view(), scratch_.lane());
    for (std::int64_t c = 0; c < 20; ++c) EXPECT_NEAR(out.at(0, c), value * 1e3F, 1e-43F);
  }
}

TEST_P(RowsTest, LayerNormOfEqualValuesIsBeta) {
  for (const float value : {0.0F, 1e-42F, 1.0F, -3.0F}) {
    TestMatrix in(1, 32);
    in.Fill([&] { return value; });
    TestMatrix weights = TestMatrix::Random(2, 32, 2);
    TestMatrix out(1, 32);
    backend_->Norm(in.view(), {.gamma = weights.view().row(0), .beta = weights.view().row(1)}, {},
                   out.view(), scratch_.lane());
    EXPECT_TRUE(SameBits(out.view(), weights.rows(1, 2))) << value;
  }
}

TEST_P(RowsTest, PoolEqualsTheReference) {
  const std::vector<std::uint32_t> offsets = {0, 1, 4, 104, 105};
  for (const std::int64_t cols : {1, 3, 5, 16, 17, 50}) {
    TestMatrix hidden = TestMatrix::Random(105, cols, 1, 2, 1);
    for (const Pooling pooling : {Pooling::kCls, Pooling::kMean, Pooling::kLastToken}) {
      TestMatrix expected(4, cols);
      TestMatrix actual(4, cols, 3, 2);
      ref_->Pool(hidden.view(), offsets, pooling, expected.view(), scratch_.lane());
      backend_->Pool(hidden.view(), offsets, pooling, actual.view(), scratch_.lane());
      if (pooling == Pooling::kMean) {
        // Partial sums of 100 values grow to about 10 before the division by 100.
        ExpectNear(
            actual.view(), expected.view(),
            [&](std::int64_t, std::int64_t) { return kEpsilon * 10; }, "mean");
      } else {
        EXPECT_TRUE(SameBits(actual.view(), expected.view()));
      }
      EXPECT_TRUE(actual.padding_is_untouched());
    }
  }
}

TEST_P(RowsTest, PoolKeepsDenormals) {
  const std::vector<std::uint32_t> offsets = {0, 1, 4, 24};
  for (const std::int64_t cols : {1, 16, 21}) {
    TestMatrix hidden = TestMatrix::Random(24, cols, 1, 2, 1, 1e-40F);
    for (const Pooling pooling :
         {Pooling::kCls, Pooling::kMean, Pooling::kLastToken, Pooling::kSplade}) {
      TestMatrix expected(3, cols);
      TestMatrix actual(3, cols);
      ref_->Pool(hidden.view(), offsets, pooling, expected.view(), scratch_.lane());
      backend_->Pool(hidden.view(), offsets, pooling, actual.view(), scratch_.lane());
      EXPECT_NE(expected.at(2, 0), 0.0F);
      // Sums are exact. The reference rounds their mean twice, from double precision.
      ExpectNear(
          actual.view(), expected.view(), [](std::int64_t, std::int64_t) { return 1.5e-45F; },
          "pooling " + std::to_string(static_cast<int>(pooling)));
    }
  }
}

TEST_P(RowsTest, SpladeEqualsTheReferenceOnAnyNumberOfLanes) {
  const std::vector<std::uint32_t> offsets = {0, 1, 4, 104, 105};
  for (const std::int64_t cols : {1, 3, 5, 16, 17, 50, 200}) {
    TestMatrix logits = TestMatrix::Random(105, cols, 1, 2, 1, 3.0F);
    // A column that is below 0 throughout is exactly 0, even where a logit is -0.
    for (std::int64_t row = 0; row < 105; ++row) logits.at(row, 0) = -std::abs(logits.at(row, 0));
    logits.at(3, 0) = -0.0F;
    TestMatrix expected(4, cols);
    TestMatrix actual(4, cols, 3, 2);
    ref_->Pool(logits.view(), offsets, Pooling::kSplade, expected.view(), scratch_.lane());
    backend_->Pool(logits.view(), offsets, Pooling::kSplade, actual.view(), scratch_.lane());
    EXPECT_EQ(actual.at(1, 0), 0.0F);
    EXPECT_FALSE(std::signbit(actual.at(1, 0)));
    // One logarithm of one value below 3, rounded once or twice.
    ExpectNear(
        actual.view(), expected.view(), [](std::int64_t, std::int64_t) { return kEpsilon * 4; },
        std::to_string(cols) + " columns");
    EXPECT_TRUE(actual.padding_is_untouched());
    TestMatrix split(4, cols);
    for (int lane = 0; lane < 3; ++lane) {
      backend_->Pool(logits.view(), offsets, Pooling::kSplade, split.view(),
                     scratch_.lane(lane, 3, nullptr));
    }
    EXPECT_TRUE(SameBits(split.view(), actual.view()));
  }
}

TEST_P(RowsTest, SpladeOfWhatIsNotFiniteIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::uint32_t> offsets = {0, 3, 6};
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    for (std::int64_t row = 0; row < 3; ++row) {  // whatever comes before or after it
      for (const std::int64_t cols : {5, 16, 21}) {
        TestMatrix logits = TestMatrix::Random(6, cols, 7);
        logits.at(row, cols - 1) = bad;
        for (const Backend* backend : {ref_.get(), backend_.get()}) {
          TestMatrix out(2, cols);
          backend->Pool(logits.view(), offsets, Pooling::kSplade, out.view(), scratch_.lane());
          EXPECT_FALSE(std::isfinite(out.at(0, cols - 1))) << backend->name() << row;
          EXPECT_TRUE(std::isfinite(out.at(1, cols - 1)));
          EXPECT_TRUE(std::isfinite(out.at(0, 0)));
        }
      }
    }
  }
}

EMBD_FOR_EACH_ISA(RowsTest);

}  // namespace
}  // namespace embd
