// Products of 8-bit integers: the same integers as the reference, so only the float operations that
// follow may differ, and those by rounding.

#include <cmath>

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

constexpr float kTooLarge = std::numeric_limits<float>::infinity();

class Int8LinearTest : public IsaTest {
 protected:
  struct Case {
    std::int64_t rows;
    std::int64_t in;
    std::int64_t out;
    DType dtype = DType::kF32;
    Activation activation = Activation::kNone;
  };

  static std::string Name(const Case& c) {
    return std::to_string(c.rows) + " x " + std::to_string(c.in) + " x " + std::to_string(c.out) +
           " activation " + std::to_string(static_cast<int>(c.activation));
  }

  static void Run(const Backend& backend, const LinearWeight& weight, const LinearOptions& options,
                  MatrixView in, MatrixView out) {
    const auto prepared = backend.Prepare({&weight, 1}, WeightFormat::kInt8);
    LaneScratch scratch(backend, {.max_tokens = in.rows,
                                  .max_sequence_tokens = 1,
                                  .max_features = in.cols,
                                  .max_head_size = 1});
    backend.Linear(in, *prepared, options, out, scratch.lane());
  }

  void CompareWithRef(const Case& c) {
    TestMatrix in = TestMatrix::Random(c.rows, c.in, 1, c.rows % 5, c.in % 3);
    TestMatrix residual = TestMatrix::Random(c.rows, c.out, 2, 3, 1);
    const TestWeight weight(c.dtype, {c.out, c.in}, 3);
    const TestWeight bias(c.dtype, {c.out}, 4);
    TestMatrix product(c.rows, c.out);
    TestMatrix expected(c.rows, c.out);
    TestMatrix actual(c.rows, c.out, c.out % 4, c.rows % 2);
    const LinearWeight stacked{.weight = weight.view(), .bias = bias.view()};
    const LinearOptions options{.activation = c.activation, .residual = residual.view()};
    Run(*ref_, stacked, {}, in.view(), product.view());
    Run(*ref_, stacked, options, in.view(), expected.view());
    Run(*backend_, stacked, options, in.view(), actual.view());
    ExpectNear(
        actual.view(), expected.view(),
        [&](std::int64_t row, std::int64_t col) {
          // A row's least value, about -5, times the sum of a row of weights, some deviations wide.
          const float low = 20 * std::sqrt(static_cast<float>(c.in));
          const float largest_bias = 5;
          return 4 * kEpsilon *
                     (std::abs(product.at(row, col)) + low + largest_bias +
                      std::abs(residual.at(row, col))) +
                 (c.activation == Activation::kGelu ? 4e-6F : 3e-7F);
        },
        Name(c));
    EXPECT_TRUE(actual.padding_is_untouched()) << Name(c);
  }
};

TEST_P(Int8LinearTest, EqualsTheReferenceForEveryNumberOfRows) {
  for (std::int64_t rows = 1; rows <= 70; ++rows) {
    CompareWithRef({.rows = rows, .in = 37, .out = 50});
  }
}

TEST_P(Int8LinearTest, EqualsTheReferenceOverSmallSizes) {
  for (const std::int64_t rows : {1, 7, 10, 17, 33}) {
    for (const std::int64_t in : {1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 100}) {
      for (const std::int64_t out : {1, 3, 4, 15, 16, 17, 31, 33, 47, 48, 49, 100}) {
        CompareWithRef({.rows = rows, .in = in, .out = out});
      }
    }
  }
}

TEST_P(Int8LinearTest, EqualsTheReferenceAcrossBlocks) {
  CompareWithRef({.rows = 11, .in = 383, .out = 385});
  CompareWithRef({.rows = 5, .in = 2049, .out = 97});
  CompareWithRef({.rows = 3, .in = 5000, .out = 40});
  CompareWithRef({.rows = 1030, .in = 8, .out = 16});
  CompareWithRef({.rows = 130, .in = 9000, .out = 2});
}

TEST_P(Int8LinearTest, ReadsHalfPrecisionWeightsAndAppliesActivations) {
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    CompareWithRef({.rows = 5, .in = 35, .out = 51, .dtype = dtype});
    CompareWithRef({.rows = 3, .in = 64, .out = 48, .dtype = dtype});
  }
  for (const Activation activation : {Activation::kGelu, Activation::kGeluTanh, Activation::kRelu,
                                      Activation::kSilu, Activation::kTanh}) {
    CompareWithRef({.rows = 7, .in = 20, .out = 53, .activation = activation});
  }
}

// With whole numbers from -128 to 127, and weights up to 127, a step is 1 and nothing is rounded:
// the result is the exact sum, as far as a float can hold it. The longest sum with the largest
// products still fits.
TEST_P(Int8LinearTest, SumsOfIntegersAreExact) {
  for (const std::int64_t in : {std::int64_t{2}, std::int64_t{4}, std::int64_t{64},
                                std::int64_t{100}, std::int64_t{515}, kMaxInt8Features}) {
    std::mt19937 random(static_cast<std::uint32_t>(in));
    const bool longest = in == kMaxInt8Features;
    const auto next = [&](int least) {
      std::uniform_int_distribution<int> any(least, 127);
      return longest ? 127.0F : static_cast<float>(any(random));
    };
    const std::int64_t out = longest ? 2 : 50;
    TestMatrix x(3, in);
    std::vector<float> weight(static_cast<std::size_t>(out * in));
    x.Fill([&] { return next(-128); });
    for (float& w : weight) w = next(-127);
    for (std::int64_t r = 0; r < 3; ++r) {
      x.at(r, r % in) = 127.0F;
      x.at(r, (r + 1) % in) = -128.0F;
    }
    for (std::int64_t c = 0; c < out; ++c) weight[static_cast<std::size_t>(c * in)] = -127.0F;
    TestMatrix actual(3, out);
    Run(*backend_, {.weight = View(weight, {out, in}), .bias = {}}, {}, x.view(), actual.view());
    for (std::int64_t r = 0; r < 3; ++r) {
      for (std::int64_t c = 0; c < out; ++c) {
        std::int64_t sum = 0;
        for (std::int64_t k = 0; k < in; ++k) {
          sum += std::int64_t{static_cast<int>(x.at(r, k))} *
                 static_cast<int>(weight[static_cast<std::size_t>(c * in + k)]);
        }
        const float allowed = longest ? 4 * kEpsilon * 255 * 127 * static_cast<float>(in) : 0.0F;
        ASSERT_NEAR(actual.at(r, c), static_cast<float>(sum), allowed)
            << in << " " << r << " " << c;
      }
    }
  }
}

TEST_P(Int8LinearTest, TiesRoundToEven) {
  TestMatrix x(1, 7);
  const std::vector<float> values = {127.0F, -128.0F, 0.5F, 1.5F, 2.5F, -0.5F, -3.5F};
  const std::vector<float> expected = {127.0F, -128.0F, 0.0F, 2.0F, 2.0F, 0.0F, -4.0F};
  std::size_t next = 0;
  x.Fill([&] { return values[next++]; });
  std::vector<float> identity(49);
  for (std::size_t i = 0; i < 7; ++i) identity[i * 8] = 127.0F;
  TestMatrix actual(1, 7);
  Run(*backend_, {.weight = View(identity, {7, 7}), .bias = {}}, {}, x.view(), actual.view());
  for (std::int64_t c = 0; c < 7; ++c) {
    EXPECT_EQ(actual.at(0, c), 127.0F * expected[static_cast<std::size_t>(c)]) << c;
  }
}

TEST_P(Int8LinearTest, RowsOfNothingGiveTheBias) {
  const TestWeight weight(DType::kF32, {35, 70}, 3);
  const TestWeight bias(DType::kF32, {35}, 4);
  std::vector<float> expected(35);
  ConvertToFloat(bias.view().data, DType::kF32, 35, expected.data());
  for (const float value : {0.0F, -0.0F, 1e-42F, 1e-31F}) {
    TestMatrix in(1, 70);
    in.Fill([&] { return value; });
    TestMatrix actual(1, 35);
    Run(*backend_, {.weight = weight.view(), .bias = bias.view()}, {}, in.view(), actual.view());
    for (std::int64_t c = 0; c < 35; ++c) {
      EXPECT_EQ(actual.at(0, c), expected[static_cast<std::size_t>(c)]) << value;
    }
  }
}

TEST_P(Int8LinearTest, HugeValuesStayFinite) {
  std::vector<float> weight(20, 0.25F);
  TestMatrix in(1, 20);
  in.Fill([] { return 1e38F; });
  in.at(0, 3) = -1e38F;
  TestMatrix actual(1, 1);
  for (const float scale : {1.0F, 1e-25F}) {
    for (float& w : weight) w = 0.05F * scale;
    Run(*backend_, {.weight = View(weight, {1, 20}), .bias = {}}, {}, in.view(), actual.view());
    EXPECT_NEAR(actual.at(0, 0) / (18 * 0.05F * scale * 1e38F), 1.0F, 1e-5F);
  }
}

TEST_P(Int8LinearTest, ARowTooWideForAFloatGivesNone) {
  const std::vector<float> weight(3 * 20, 0.05F);
  TestMatrix in = TestMatrix::Random(3, 20, 1);
  in.at(1, 4) = 2e38F;
  in.at(1, 19) = -2e38F;
  for (const Backend* backend : {ref_.get(), backend_.get()}) {
    TestMatrix out(3, 3);
    Run(*backend, {.weight = View(weight, {3, 20}), .bias = {}}, {}, in.view(), out.view());
    for (std::int64_t r = 0; r < 3; ++r) {
      EXPECT_EQ(std::isfinite(out.at(r, 2)), r != 1) << backend->name() << r;
    }
  }
}

// Whatever is not finite must be seen at the end, in its own row and nowhere else.
TEST_P(Int8LinearTest, NothingTurnsNonFiniteValuesIntoNumbers) {
  const TestWeight weight(DType::kF32, {50, 70}, 3);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kTooLarge, -kTooLarge}) {
    for (const std::int64_t at : {0, 17, 64, 69}) {
      for (const Activation activation :
           {Activation::kNone, Activation::kGelu, Activation::kGeluTanh, Activation::kSilu}) {
        TestMatrix in = TestMatrix::Random(12, 70, 1);
        TestMatrix clean(12, 50);
        TestMatrix actual(12, 50);
        const LinearWeight stacked{.weight = weight.view(), .bias = {}};
        const LinearOptions options{.activation = activation, .residual = {}};
        Run(*backend_, stacked, options, in.view(), clean.view());
        in.at(5, at) = bad;
        Run(*backend_, stacked, options, in.view(), actual.view());
        for (std::int64_t c = 0; c < 50; ++c) EXPECT_TRUE(std::isnan(actual.at(5, c))) << bad;
        EXPECT_TRUE(SameBits(actual.rows(0, 5), clean.rows(0, 5)));
        EXPECT_TRUE(SameBits(actual.rows(6, 12), clean.rows(6, 12)));
      }
    }
  }
}

TEST_P(Int8LinearTest, NonFiniteWeightsSpoilTheirOutput) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kTooLarge}) {
    std::vector<float> weight(5 * 9, 0.5F);
    weight[2 * 9 + 8] = bad;
    TestMatrix in = TestMatrix::Random(2, 9, 1);
    TestMatrix actual(2, 5);
    Run(*backend_, {.weight = View(weight, {5, 9}), .bias = {}}, {}, in.view(), actual.view());
    for (std::int64_t c = 0; c < 5; ++c) EXPECT_EQ(std::isfinite(actual.at(1, c)), c != 2) << c;
  }
}

TEST_P(Int8LinearTest, ARowHasTheSameBitsInAnyBatch) {
  for (const std::int64_t in_features : {37, 900, 2100}) {
    const TestWeight weight(DType::kF32, {131, in_features}, 1);
    const TestWeight bias(DType::kF32, {131}, 2);
    const LinearWeight stacked{.weight = weight.view(), .bias = bias.view()};
    constexpr std::int64_t kRows = 77;
    TestMatrix in = TestMatrix::Random(kRows, in_features, 3);
    TestMatrix residual = TestMatrix::Random(kRows, 131, 4);
    TestMatrix together(kRows, 131);
    TestMatrix apart(kRows, 131, 5, 3);
    const auto run = [&](TestMatrix& out, std::int64_t begin, std::int64_t end) {
      Run(*backend_, stacked,
          {.activation = Activation::kGelu, .residual = residual.rows(begin, end)},
          in.rows(begin, end), out.rows(begin, end));
    };
    run(together, 0, kRows);
    for (const std::int64_t step : {7, 40}) {
      for (std::int64_t row = 0; row < kRows; row += step) {
        run(apart, row, std::min(row + step, kRows));
      }
      EXPECT_TRUE(SameBits(together.view(), apart.view())) << step;
    }
    run(apart, 0, 1);
    run(apart, kRows - 1, kRows);
    EXPECT_TRUE(SameBits(together.view(), apart.view()));
  }
}

TEST_P(Int8LinearTest, StackedWeightsAreOneProduct) {
  const TestWeight a(DType::kF32, {19, 33}, 1);
  const TestWeight b(DType::kF16, {50, 33}, 2);
  const std::vector<LinearWeight> parts = {{.weight = a.view(), .bias = {}},
                                           {.weight = b.view(), .bias = {}}};
  const auto stacked = backend_->Prepare(parts, WeightFormat::kInt8);
  EXPECT_EQ(stacked->out_features(), 69);
  TestMatrix in = TestMatrix::Random(6, 33, 5);
  TestMatrix together(6, 69);
  LaneScratch scratch(*backend_, {.max_tokens = 6, .max_features = 33});
  backend_->Linear(in.view(), *stacked, {}, together.view(), scratch.lane());
  std::int64_t first = 0;
  for (const LinearWeight& part : parts) {
    const std::int64_t out = part.weight.shape[0];
    TestMatrix expected(6, out);
    Run(*backend_, part, {}, in.view(), expected.view());
    const MatrixView here{
        .data = together.view().data + first, .rows = 6, .cols = out, .stride = 69};
    EXPECT_TRUE(SameBits(here, expected.view())) << first;
    first += out;
  }
}

TEST_P(Int8LinearTest, PreparedBytesAreWhatPrepareAllocates) {
  // 4 KiB pages: the padded weights, and four numbers for each output.
  const std::size_t bytes = backend_->PreparedBytes(100, 130, WeightFormat::kInt8);
  EXPECT_GE(bytes, 100U * (130U + 16U));
  EXPECT_LE(bytes, 112U * (192U + 16U) + 4096U);
}

EMBD_FOR_EACH_ISA(Int8LinearTest);

}  // namespace
}  // namespace embd
