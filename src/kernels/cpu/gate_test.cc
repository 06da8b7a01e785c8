// Products with a gate.

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
using kernel_test::TestWeight;
using kernel_test::View;

class GateTest : public IsaTest {
 protected:
  // A weight and its gate, prepared for one backend.
  struct Pair {
    Pair(const Backend& backend, std::int64_t out, std::int64_t in, WeightFormat format)
        : a(DType::kF32, {out, in}, 1, 0.2F),
          b(DType::kBF16, {out, in}, 2, 0.2F),
          a_bias(DType::kF32, {out}, 3),
          b_bias(DType::kF32, {out}, 4) {
      const LinearWeight first{.weight = a.view(), .bias = a_bias.view()};
      const LinearWeight second{.weight = b.view(), .bias = b_bias.view()};
      weight = backend.Prepare({&first, 1}, format);
      gate = backend.Prepare({&second, 1}, format);
    }
    TestWeight a, b, a_bias, b_bias;
    std::unique_ptr<PreparedWeight> weight, gate;
  };

  static ScratchNeed Need(std::int64_t rows, std::int64_t in) {
    return {.max_tokens = rows, .max_features = in, .gated = true};
  }

  void CompareWithRef(std::int64_t rows, std::int64_t in_features, std::int64_t out,
                      WeightFormat format, Activation activation) {
    const Pair expected_pair(*ref_, out, in_features, format);
    const Pair pair(*backend_, out, in_features, format);
    TestMatrix in = TestMatrix::Random(rows, in_features, 5, rows % 5, in_features % 3);
    TestMatrix residual = TestMatrix::Random(rows, out, 6, 2);
    TestMatrix expected(rows, out);
    TestMatrix value(rows, out);
    TestMatrix factor(rows, out);
    TestMatrix actual(rows, out, out % 4, rows % 2);
    LaneScratch scratch(*backend_, Need(rows, in_features));
    const Lane lane = scratch.lane();
    ref_->Linear(
        in.view(), *expected_pair.weight,
        {.activation = activation, .gate = expected_pair.gate.get(), .residual = residual.view()},
        expected.view(), lane);
    ref_->Linear(in.view(), *expected_pair.weight, {}, value.view(), lane);
    ref_->Linear(in.view(), *expected_pair.gate, {}, factor.view(), lane);
    backend_->Linear(
        in.view(), *pair.weight,
        {.activation = activation, .gate = pair.gate.get(), .residual = residual.view()},
        actual.view(), lane);
    // Each factor errs by what a product without a gate may; GELU after integers by 4e-6.
    const float sum = kEpsilon * (4 + std::sqrt(static_cast<float>(in_features))) *
                          static_cast<float>(in_features) * 0.2F +
                      (format == WeightFormat::kInt8 ? 5e-6F : 5e-7F);
    ExpectNear(
        actual.view(), expected.view(),
        [&](std::int64_t row, std::int64_t col) {
          return sum * (2 + std::abs(value.at(row, col)) + std::abs(factor.at(row, col))) +
                 kEpsilon * std::abs(expected.at(row, col));
        },
        std::to_string(rows) + " x " + std::to_string(in_features) + " x " + std::to_string(out) +
            " format " + std::to_string(static_cast<int>(format)));
    EXPECT_TRUE(actual.padding_is_untouched());
  }
};

constexpr WeightFormat kFormats[] = {WeightFormat::kF32, WeightFormat::kF16, WeightFormat::kBF16,
                                     WeightFormat::kInt8};

TEST_P(GateTest, EqualsTheReference) {
  for (const WeightFormat format : kFormats) {
    for (const std::int64_t rows : {1, 8, 9, 10, 33}) {
      for (const std::int64_t out : {1, 16, 47, 48, 49, 150}) {
        CompareWithRef(rows, 37, out, format, Activation::kSilu);
      }
    }
    CompareWithRef(5, 900, 53, format, Activation::kSilu);
    for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kGeluTanh,
                                        Activation::kRelu, Activation::kTanh}) {
      CompareWithRef(7, 64, 53, format, activation);
    }
  }
}

// Sums of denormals are exact, and so is twice such a sum.
TEST_P(GateTest, DenormalInputsKeepTheirMeaning) {
  constexpr std::int64_t kIn = 19;
  constexpr std::int64_t kOut = 50;
  const std::vector<float> ones(kIn * kOut, 1.0F);
  const std::vector<float> zeros(kIn * kOut, 0.0F);
  const std::vector<float> twos(kOut, 2.0F);
  const LinearWeight sum{.weight = View(ones, {kOut, kIn}), .bias = {}};
  const LinearWeight twice{.weight = View(zeros, {kOut, kIn}), .bias = View(twos, {kOut})};
  TestMatrix in(3, kIn, 2, 1);
  const float rows[] = {1e-42F, -3e-41F, 1e-45F};
  for (std::int64_t row = 0; row < 3; ++row) {
    for (std::int64_t k = 0; k < kIn; ++k) in.at(row, k) = rows[row];
  }
  LaneScratch scratch(*backend_, Need(3, kIn));
  for (const WeightFormat format : kFormats) {
    const auto weight = backend_->Prepare({&sum, 1}, format);
    const auto gate = backend_->Prepare({&twice, 1}, format);
    TestMatrix out(3, kOut);
    backend_->Linear(in.view(), *weight, {.gate = gate.get(), .residual = {}}, out.view(),
                     scratch.lane());
    for (std::int64_t row = 0; row < 3; ++row) {
      for (std::int64_t c = 0; c < kOut; ++c) {
        ASSERT_EQ(out.at(row, c), 2 * kIn * rows[row]) << static_cast<int>(format);
      }
    }
  }
}

TEST_P(GateTest, ARowHasTheSameBitsInAnyBatchAndSplit) {
  for (const WeightFormat format : kFormats) {
    const Pair pair(*backend_, 131, 400, format);
    TestMatrix in = TestMatrix::Random(41, 400, 3);
    TestMatrix together(41, 131);
    TestMatrix apart(41, 131, 5, 3);
    LaneScratch scratch(*backend_, Need(41, 400));
    const LinearOptions options{
        .activation = Activation::kGelu, .gate = pair.gate.get(), .residual = {}};
    backend_->Linear(in.view(), *pair.weight, options, together.view(), scratch.lane());
    for (std::int64_t row = 0; row < 41; ++row) {
      backend_->Linear(in.rows(row, row + 1), *pair.weight, options, apart.rows(row, row + 1),
                       scratch.lane());
    }
    EXPECT_TRUE(SameBits(together.view(), apart.view()));
    for (int lane = 0; lane < 4; ++lane) {
      backend_->Linear(in.view(), *pair.weight, options, apart.view(), scratch.lane(lane, 4));
    }
    EXPECT_TRUE(SameBits(together.view(), apart.view()));
  }
}

EMBD_FOR_EACH_ISA(GateTest);

}  // namespace
}  // namespace embd
