// Each activation over its whole range, through a product with the identity.

#include <cmath>

#include "kernels/ref/ops.h"
#include "kernels/test_support.h"

namespace embd {
namespace {

using kernel_test::IsaTest;
using kernel_test::LaneScratch;
using kernel_test::TestMatrix;

struct Bound {
  Activation activation;
  double absolute;
  double relative;  // of |x|, for rounding of a result of that size
};

class ActivationTest : public IsaTest {
 protected:
  // Largest error beyond the relative part, over x in `inputs`.
  double WorstError(const Bound& bound, TestMatrix& inputs) {
    const float one = 1.0F;
    const LinearWeight identity{.weight = {.data = reinterpret_cast<const std::byte*>(&one),
                                           .dtype = DType::kF32,
                                           .shape = {1, 1}},
                                .bias = {}};
    const auto weight = backend_->Prepare({&identity, 1}, WeightFormat::kF32);
    const std::int64_t rows = inputs.view().rows;
    TestMatrix out(rows, 1);
    LaneScratch scratch(*backend_, {.max_tokens = rows, .max_features = 1});
    backend_->Linear(inputs.view(), *weight, {.activation = bound.activation, .residual = {}},
                     out.view(), scratch.lane());
    double worst = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      const double x = inputs.at(i, 0);
      const double error = std::abs(out.at(i, 0) - ref::Activate(bound.activation, x));
      // Written so that a NaN counts.
      if (!(error - bound.relative * std::abs(x) <= worst)) {
        worst = error - bound.relative * std::abs(x);
      }
    }
    return worst;
  }
};

TEST_P(ActivationTest, IsCloseOverTheWholeRange) {
  const double half_ulp = 6e-8;
  const Bound bounds[] = {{Activation::kNone, 0, 0},
                          {Activation::kGelu, 5e-8, half_ulp},
                          {Activation::kGeluTanh, 1e-7, 4 * half_ulp},
                          {Activation::kRelu, 0, 0},
                          {Activation::kSilu, 1e-7, 4 * half_ulp},
                          {Activation::kTanh, 2e-7, 0}};
  TestMatrix near(40'001, 1);
  double x = -20;
  near.Fill([&] { return static_cast<float>(std::exchange(x, x + 0.001)); });
  TestMatrix far(8, 1);
  const float extremes[] = {0.0F, -0.0F, 1e-42F, -1e-42F, 1e4F, -1e4F, 3e38F, -3e38F};
  const float* next = extremes;
  far.Fill([&] { return *next++; });
  for (const Bound& bound : bounds) {
    EXPECT_LE(WorstError(bound, near), bound.absolute) << static_cast<int>(bound.activation);
    EXPECT_LE(WorstError(bound, far), bound.absolute) << static_cast<int>(bound.activation);
  }
}

EMBD_FOR_EACH_ISA(ActivationTest);

}  // namespace
}  // namespace embd
