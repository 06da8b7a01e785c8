#include <cmath>

#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/half.h"
#include "kernels/test_support.h"
#include "tensor/convert.h"

namespace embd {
namespace {

using kernel_test::ExpectNear;
using kernel_test::IsaTest;
using kernel_test::kEpsilon;
using kernel_test::LaneScratch;
using kernel_test::SameBits;
using kernel_test::TestMatrix;
using kernel_test::TestWeight;
using kernel_test::View;

constexpr ScratchNeed kNeed = {
    .max_tokens = 1, .max_sequence_tokens = 1, .max_features = 3100, .max_head_size = 1};

class LinearTest : public IsaTest {
 protected:
  // |in| |W|^T + |bias| + |residual|: what the rounding of each element is relative to.
  TestMatrix Magnitude(TestMatrix& in, const TestWeight& weight, const TestWeight& bias,
                       TestMatrix& residual) {
    const std::int64_t out_features = weight.view().shape[0];
    const std::int64_t k_count = weight.view().shape[1];
    std::vector<float> w(static_cast<std::size_t>(out_features * k_count));
    std::vector<float> b(static_cast<std::size_t>(out_features));
    ConvertToFloat(weight.view().data, weight.view().dtype, w.size(), w.data());
    ConvertToFloat(bias.view().data, bias.view().dtype, b.size(), b.data());
    TestMatrix magnitude(in.view().rows, out_features);
    for (std::int64_t r = 0; r < in.view().rows; ++r) {
      for (std::int64_t c = 0; c < out_features; ++c) {
        float sum = std::abs(b[c]) + std::abs(residual.at(r, c));
        for (std::int64_t k = 0; k < k_count; ++k) {
          sum += std::abs(in.at(r, k) * w[c * k_count + k]);
        }
        magnitude.at(r, c) = sum;
      }
    }
    return magnitude;
  }

  struct Case {
    std::int64_t rows;
    std::int64_t in;
    std::int64_t out;
    DType dtype = DType::kF32;
    Activation activation = Activation::kNone;
    WeightFormat format = WeightFormat::kF32;
  };

  void CompareWithRef(const Case& c) {
    const std::string what = std::to_string(c.rows) + " x " + std::to_string(c.in) + " x " +
                             std::to_string(c.out) + " " + std::string(SafetensorsName(c.dtype));
    TestMatrix in = TestMatrix::Random(c.rows, c.in, 1, c.rows % 5, c.in % 3);
    TestMatrix residual = TestMatrix::Random(c.rows, c.out, 2, 3, 1);
    const TestWeight weight(c.dtype, {c.out, c.in}, 3);
    const TestWeight bias(c.dtype, {c.out}, 4);
    const LinearWeight stacked{.weight = weight.view(), .bias = bias.view()};
    const auto expected_weight = ref_->Prepare({&stacked, 1}, c.format);
    const auto actual_weight = backend_->Prepare({&stacked, 1}, c.format);
    TestMatrix expected(c.rows, c.out);
    TestMatrix actual(c.rows, c.out, c.out % 4, c.rows % 2);
    LaneScratch scratch(*backend_, kNeed);
    const LinearOptions options{.activation = c.activation, .residual = residual.view()};
    ref_->Linear(in.view(), *expected_weight, options, expected.view(), scratch.lane());
    backend_->Linear(in.view(), *actual_weight, options, actual.view(), scratch.lane());
    TestMatrix magnitude = Magnitude(in, weight, bias, residual);
    const float length = 4 + std::sqrt(static_cast<float>(c.in));
    ExpectNear(
        actual.view(), expected.view(),
        [&](std::int64_t row, std::int64_t col) {
          return kEpsilon * length * magnitude.at(row, col) + 3e-7F;
        },
        what);
    EXPECT_TRUE(actual.padding_is_untouched()) << what;
  }
};

TEST_P(LinearTest, EqualsTheReferenceOverSmallSizes) {
  for (const std::int64_t rows : {1, 2, 5, 6, 7, 8, 9, 10, 19, 27, 28}) {
    for (const std::int64_t in : {1, 3, 16, 37}) {
      for (const std::int64_t out : {1, 4, 15, 16, 17, 31, 33, 48, 49, 100}) {
        CompareWithRef({.rows = rows, .in = in, .out = out});
      }
    }
  }
}

// Every height of a tile, alone and after others, with as many registers as it may have.
TEST_P(LinearTest, EqualsTheReferenceForEveryNumberOfRowsAroundPanels) {
  const std::int64_t panel = cpu::FindKernels(GetParam())->panel_columns;
  for (std::int64_t rows = 1; rows <= 20; ++rows) {
    for (const std::int64_t in : {1, 2, 7, 36}) {
      for (const std::int64_t out :
           {panel - 1, panel, panel + 1, 2 * panel - 1, 2 * panel, 2 * panel + 1}) {
        CompareWithRef({.rows = rows, .in = in, .out = out});
      }
    }
  }
}

TEST_P(LinearTest, EqualsTheReferenceAcrossBlocks) {
  CompareWithRef({.rows = 11, .in = 383, .out = 385});
  CompareWithRef({.rows = 11, .in = 385, .out = 470});
  CompareWithRef({.rows = 3, .in = 1536, .out = 384});
  CompareWithRef({.rows = 9, .in = 3100, .out = 97});
  CompareWithRef({.rows = 1030, .in = 8, .out = 16});
}

TEST_P(LinearTest, ReadsHalfPrecisionWeights) {
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    CompareWithRef({.rows = 5, .in = 35, .out = 51, .dtype = dtype});
    CompareWithRef({.rows = 3, .in = 64, .out = 48, .dtype = dtype});
  }
}

TEST_P(LinearTest, KeepsHalfPrecisionWeights) {
  for (const WeightFormat format : {WeightFormat::kF16, WeightFormat::kBF16}) {
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
      CompareWithRef({.rows = 11, .in = 35, .out = 151, .dtype = dtype, .format = format});
      CompareWithRef({.rows = 1, .in = 800, .out = 48, .dtype = dtype, .format = format});
    }
  }
}

// One input of 1 gives the weights as they are kept.
TEST_P(LinearTest, RoundsToHalfPrecisionAsTheStandardSays) {
  const std::vector<float> weight = {1.0F,
                                     -2.0F,
                                     0.1F,
                                     1.0F + 0x1p-11F,
                                     1.0F + 0x3p-11F,
                                     1.0F + 0x1p-8F,
                                     1e-6F,
                                     0x1p-24F,
                                     0x1p-25F,
                                     0x1.8p-25F,
                                     65504.0F,
                                     65519.9F,
                                     1e-40F,
                                     0x1.00fffep-1F,
                                     0x1.fffffep0F,
                                     0x1p-14F,
                                     0x1.ffcp-15F,
                                     3.14159F,
                                     -0.0F,
                                     -1e-6F,
                                     65520.0F,
                                     std::numeric_limits<float>::infinity()};
  const auto out = static_cast<std::int64_t>(weight.size());
  const LinearWeight stacked{.weight = View(weight, {out, 1}), .bias = {}};
  TestMatrix one(1, 1);
  one.at(0, 0) = 1.0F;
  LaneScratch scratch(*backend_, kNeed);
  for (const WeightFormat format : {WeightFormat::kF16, WeightFormat::kBF16}) {
    TestMatrix actual(1, out);
    backend_->Linear(one.view(), *backend_->Prepare({&stacked, 1}, format), {}, actual.view(),
                     scratch.lane());
    for (std::int64_t i = 0; i < out; ++i) {
      const float x = weight[static_cast<std::size_t>(i)];
      const float kept = format == WeightFormat::kF16 ? FloatFromF16(F16FromFloat(x))
                                                      : FloatFromBF16(BF16FromFloat(x));
      EXPECT_EQ(actual.at(0, i), kept) << x;
    }
  }
}

TEST_P(LinearTest, AWeightThatIsNotANumberStaysNone) {
  const std::vector<float> weight = {std::numeric_limits<float>::quiet_NaN(), 1.0F};
  const LinearWeight stacked{.weight = View(weight, {2, 1}), .bias = {}};
  TestMatrix one(1, 1);
  one.at(0, 0) = 1.0F;
  LaneScratch scratch(*backend_, kNeed);
  for (const WeightFormat format :
       {WeightFormat::kF32, WeightFormat::kF16, WeightFormat::kBF16, WeightFormat::kInt8}) {
    TestMatrix actual(1, 2);
    backend_->Linear(one.view(), *backend_->Prepare({&stacked, 1}, format), {}, actual.view(),
                     scratch.lane());
    EXPECT_TRUE(std::isnan(actual.at(0, 0)));
    EXPECT_EQ(actual.at(0, 1), 1.0F);
  }
}

TEST_P(LinearTest, ActivationsOfNoNumberAreNone) {
  const std::vector<float> weight = {1.0F};
  const LinearWeight stacked{.weight = View(weight, {1, 1}), .bias = {}};
  const auto prepared = backend_->Prepare({&stacked, 1}, WeightFormat::kF32);
  TestMatrix in(1, 1);
  in.at(0, 0) = std::numeric_limits<float>::quiet_NaN();
  TestMatrix out(1, 1);
  LaneScratch scratch(*backend_, kNeed);
  for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kGeluTanh,
                                      Activation::kRelu, Activation::kSilu, Activation::kTanh}) {
    backend_->Linear(in.view(), *prepared, {.activation = activation, .residual = {}}, out.view(),
                     scratch.lane());
    EXPECT_TRUE(std::isnan(out.at(0, 0))) << static_cast<int>(activation);
  }
}

TEST_P(LinearTest, AppliesActivationBeforeResidual) {
  for (const Activation activation : {Activation::kGelu, Activation::kGeluTanh, Activation::kRelu,
                                      Activation::kSilu, Activation::kTanh}) {
    CompareWithRef({.rows = 7, .in = 20, .out = 53, .activation = activation});
    // More than one cut of k, where the epilogue must wait for the last.
    CompareWithRef({.rows = 7, .in = 800, .out = 53, .activation = activation});
  }
}

TEST_P(LinearTest, NoRowsIsNothingToDo) {
  const TestWeight weight(DType::kF32, {5, 4}, 1);
  const LinearWeight stacked{.weight = weight.view(), .bias = {}};
  const auto prepared = backend_->Prepare({&stacked, 1}, WeightFormat::kF32);
  TestMatrix in(0, 4);
  TestMatrix out(0, 5);
  LaneScratch scratch(*backend_, kNeed);
  backend_->Linear(in.view(), *prepared, {}, out.view(), scratch.lane());
  EXPECT_TRUE(out.padding_is_untouched());
}

TEST_P(LinearTest, StackedWeightsAreOneProduct) {
  const TestWeight a(DType::kF32, {19, 33}, 1);
  const TestWeight b(DType::kF16, {50, 33}, 2);
  const TestWeight c(DType::kBF16, {3, 33}, 3);
  const TestWeight bias(DType::kF32, {50}, 4);
  const std::vector<LinearWeight> parts = {{.weight = a.view(), .bias = {}},
                                           {.weight = b.view(), .bias = bias.view()},
                                           {.weight = c.view(), .bias = {}}};
  const auto stacked = backend_->Prepare(parts, WeightFormat::kF32);
  EXPECT_EQ(stacked->out_features(), 72);
  TestMatrix in = TestMatrix::Random(6, 33, 5);
  TestMatrix together(6, 72);
  LaneScratch scratch(*backend_, kNeed);
  backend_->Linear(in.view(), *stacked, {}, together.view(), scratch.lane());
  std::int64_t first = 0;
  for (const LinearWeight& part : parts) {
    const std::int64_t out = part.weight.shape[0];
    const auto alone = backend_->Prepare({&part, 1}, WeightFormat::kF32);
    TestMatrix expected(6, out);
    backend_->Linear(in.view(), *alone, {}, expected.view(), scratch.lane());
    const MatrixView here{
        .data = together.view().data + first, .rows = 6, .cols = out, .stride = 72};
    EXPECT_TRUE(SameBits(here, expected.view())) << first;
    first += out;
  }
}

TEST_P(LinearTest, ResidualMayBeTheOutput) {
  const TestWeight weight(DType::kF32, {70, 900}, 1);
  const LinearWeight stacked{.weight = weight.view(), .bias = {}};
  const auto prepared = backend_->Prepare({&stacked, 1}, WeightFormat::kF32);
  TestMatrix in = TestMatrix::Random(20, 900, 2);
  TestMatrix residual = TestMatrix::Random(20, 70, 3);
  TestMatrix in_place = TestMatrix::Random(20, 70, 3);
  TestMatrix expected(20, 70);
  LaneScratch scratch(*backend_, kNeed);
  for (const Activation activation : {Activation::kNone, Activation::kGelu}) {
    backend_->Linear(in.view(), *prepared, {.activation = activation, .residual = residual.view()},
                     expected.view(), scratch.lane());
    TestMatrix both = TestMatrix::Random(20, 70, 3);
    backend_->Linear(in.view(), *prepared, {.activation = activation, .residual = both.view()},
                     both.view(), scratch.lane());
    EXPECT_TRUE(SameBits(both.view(), expected.view()));
  }
}

TEST_P(LinearTest, ARowHasTheSameBitsInAnyBatch) {
  for (const std::int64_t in_features : {37, 900}) {
    const TestWeight weight(DType::kF32, {131, in_features}, 1);
    const TestWeight bias(DType::kF32, {131}, 2);
    const LinearWeight stacked{.weight = weight.view(), .bias = bias.view()};
    const auto prepared = backend_->Prepare({&stacked, 1}, WeightFormat::kF32);
    constexpr std::int64_t kRows = 41;
    TestMatrix in = TestMatrix::Random(kRows, in_features, 3);
    TestMatrix residual = TestMatrix::Random(kRows, 131, 4);
    TestMatrix together(kRows, 131);
    TestMatrix apart(kRows, 131, 5, 3);
    LaneScratch scratch(*backend_, kNeed);
    const auto run = [&](TestMatrix& out, std::int64_t begin, std::int64_t end) {
      backend_->Linear(in.rows(begin, end), *prepared,
                       {.activation = Activation::kGelu, .residual = residual.rows(begin, end)},
                       out.rows(begin, end), scratch.lane());
    };
    run(together, 0, kRows);
    for (const std::int64_t step : {1, 2, 7, 40}) {
      for (std::int64_t row = 0; row < kRows; row += step) {
        run(apart, row, std::min(row + step, kRows));
      }
      EXPECT_TRUE(SameBits(together.view(), apart.view())) << step;
    }
  }
}

// Products of denormals are zero or denormal, never garbage; large values stay finite.
TEST_P(LinearTest, ExtremeValuesKeepTheirMeaning) {
  const std::vector<float> weight = {1.0F, 2.0F, 1.0F, -1.0F};
  const LinearWeight stacked{.weight = View(weight, {2, 2}), .bias = {}};
  const auto prepared = backend_->Prepare({&stacked, 1}, WeightFormat::kF32);
  TestMatrix in(2, 2);
  in.at(0, 0) = 1e-42F;
  in.at(0, 1) = 1e-43F;
  in.at(1, 0) = 1e38F;
  in.at(1, 1) = 1e38F;
  TestMatrix out(2, 2);
  LaneScratch scratch(*backend_, kNeed);
  backend_->Linear(in.view(), *prepared, {}, out.view(), scratch.lane());
  EXPECT_EQ(out.at(0, 0), 1e-42F + 2 * 1e-43F);
  EXPECT_EQ(out.at(0, 1), 1e-42F - 1e-43F);
  EXPECT_EQ(out.at(1, 0), 3e38F);
  EXPECT_EQ(out.at(1, 1), 0.0F);
}

TEST_P(LinearTest, PreparedBytesAreWhatPrepareAllocates) {
  // 4 KiB pages: the padded weights and bias, rounded up.
  const std::size_t bytes = backend_->PreparedBytes(100, 37, WeightFormat::kF32);
  EXPECT_GE(bytes, 100U * 38U * 4U);
  EXPECT_LE(bytes, 112U * 38U * 4U + 4096U);
  EXPECT_LE(backend_->PreparedBytes(100, 37, WeightFormat::kBF16), 112U * 39U * 2U + 4096U);
}

EMBD_FOR_EACH_ISA(LinearTest);

}  // namespace
}  // namespace embd
