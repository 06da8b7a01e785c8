// The oracle itself, on numbers small enough to check by hand.

#include "kernels/ref/ref_backend.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "kernels/test_support.h"

namespace embd {
namespace {

using kernel_test::View;

class RefBackendTest : public ::testing::Test {
 protected:
  static MatrixView Matrix(std::vector<float>& values, std::int64_t rows) {
    const auto cols = static_cast<std::int64_t>(values.size()) / rows;
    return {.data = values.data(), .rows = rows, .cols = cols, .stride = cols};
  }

  std::unique_ptr<const Backend> backend_ = MakeRefBackend();
  alignas(64) std::array<std::byte, 256> block_ = {};
  Arena scratch_{block_};
  Lane lane_{.index = 0, .count = 1, .barrier = nullptr, .scratch = &scratch_};
};

TEST_F(RefBackendTest, EmbedSumsOneRowOfEachTable) {
  const std::vector<float> words = {1, 2, 3, 4, 5, 6};
  const std::vector<float> positions = {10, 20, 30, 40};
  const std::vector<std::uint16_t> types = {0x3f80, 0x4000};  // bfloat16 1 and 2
  const std::vector<std::uint32_t> ids = {2, 0};
  const std::vector<std::uint32_t> position_ids = {0, 1};
  const std::vector<std::uint32_t> type_ids = {0, 0};
  std::vector<float> out(4);
  backend_->Embed({.words = View(words, {3, 2}),
                   .positions = View(positions, {2, 2}),
                   .types = {.data = std::as_bytes(std::span(types)).data(),
                             .dtype = DType::kBF16,
                             .shape = {1, 2}},
                   .ids = ids,
                   .position_ids = position_ids,
                   .type_ids = type_ids},
                  Matrix(out, 2), lane_);
  EXPECT_EQ(out, (std::vector<float>{16, 28, 32, 44}));
}

TEST_F(RefBackendTest, LinearStacksWeightsAndAddsBiasAndResidual) {
  const std::vector<float> first = {1, 2};
  const std::vector<float> second = {3, 4, 5, 6};
  const std::vector<float> bias = {100, 200};
  const std::array<LinearWeight, 2> parts = {
      LinearWeight{.weight = View(first, {1, 2}), .bias = {}},
      LinearWeight{.weight = View(second, {2, 2}), .bias = View(bias, {2})}};
  const auto weight = backend_->Prepare(parts, WeightFormat::kF32);
  EXPECT_EQ(weight->out_features(), 3);
  EXPECT_EQ(weight->in_features(), 2);
  std::vector<float> in = {1, -1};
  std::vector<float> out = {0.5F, 0.5F, 0.5F};
  backend_->Linear(Matrix(in, 1), *weight,
                   {.activation = Activation::kRelu, .residual = Matrix(out, 1)}, Matrix(out, 1),
                   lane_);
  EXPECT_EQ(out, (std::vector<float>{0.5F, 99.5F, 199.5F}));
}

TEST_F(RefBackendTest, ActivationsHaveTheirDefinedValues) {
  const std::vector<float> one = {1};
  const std::array<LinearWeight, 1> part = {LinearWeight{.weight = View(one, {1, 1}), .bias = {}}};
  const auto weight = backend_->Prepare(part, WeightFormat::kF32);
  const auto at = [&](Activation activation, float x) {
    std::vector<float> in = {x};
    std::vector<float> out = {0};
    backend_->Linear(Matrix(in, 1), *weight, {.activation = activation, .residual = {}},
                     Matrix(out, 1), lane_);
    return out[0];
  };
  EXPECT_FLOAT_EQ(at(Activation::kNone, -3), -3);
  EXPECT_FLOAT_EQ(at(Activation::kGelu, 1), 0.8413447F);
  EXPECT_FLOAT_EQ(at(Activation::kGelu, -1), -0.15865525F);
  EXPECT_FLOAT_EQ(at(Activation::kGeluTanh, 1), 0.841192F);
  EXPECT_FLOAT_EQ(at(Activation::kRelu, -1), 0);
  EXPECT_FLOAT_EQ(at(Activation::kSilu, 1), 0.7310586F);
  EXPECT_FLOAT_EQ(at(Activation::kTanh, 1), 0.7615942F);
}

TEST_F(RefBackendTest, AttentionMixesValuesOfItsOwnSequence) {
  // One head of size 1; the first sequence has two tokens with equal keys, the second one token.
  std::vector<float> qkv = {1, 2, 10, 5, 2, 30, 9, 9, 7};
  const std::vector<std::uint32_t> offsets = {0, 2, 3};
  std::vector<float> out(3);
  backend_->Attention(
      {.qkv = Matrix(qkv, 3), .offsets = offsets, .heads = 1, .head_size = 1, .scale = 1},
      Matrix(out, 3), lane_);
  EXPECT_EQ(out, (std::vector<float>{20, 20, 7}));
  // A key far ahead of the other takes all, without overflow on the way.
  qkv = {100, 100, 10, 100, 0, 30, 9, 9, 7};
  backend_->Attention(
      {.qkv = Matrix(qkv, 3), .offsets = offsets, .heads = 1, .head_size = 1, .scale = 1},
      Matrix(out, 3), lane_);
  EXPECT_EQ(out, (std::vector<float>{10, 10, 7}));
}

TEST_F(RefBackendTest, LayerNormCentresAndScales) {
  std::vector<float> values = {1, 3, 5, 5};
  const std::vector<float> gamma = {2, 2};
  const std::vector<float> beta = {1, 1};
  backend_->Norm(Matrix(values, 2), {.gamma = gamma.data(), .beta = beta.data(), .epsilon = 1e-12F},
                 {}, Matrix(values, 2), lane_);
  EXPECT_EQ(values, (std::vector<float>{-1, 3, 1, 1}));
}

TEST_F(RefBackendTest, PoolsEachSequence) {
  std::vector<float> hidden = {1, 10, 3, 30, 5, 50};
  const std::vector<std::uint32_t> offsets = {0, 2, 3};
  std::vector<float> out(4);
  backend_->Pool(Matrix(hidden, 3), offsets, Pooling::kMean, Matrix(out, 2), lane_);
  EXPECT_EQ(out, (std::vector<float>{2, 20, 5, 50}));
  backend_->Pool(Matrix(hidden, 3), offsets, Pooling::kCls, Matrix(out, 2), lane_);
  EXPECT_EQ(out, (std::vector<float>{1, 10, 5, 50}));
  backend_->Pool(Matrix(hidden, 3), offsets, Pooling::kLastToken, Matrix(out, 2), lane_);
  EXPECT_EQ(out, (std::vector<float>{3, 30, 5, 50}));
  hidden = {1, -10, 3, -30, -5, 50};
  backend_->Pool(Matrix(hidden, 3), offsets, Pooling::kSplade, Matrix(out, 2), lane_);
  EXPECT_FLOAT_EQ(out[0], 1.3862944F);  // log 4
  EXPECT_EQ(out[1], 0);
  EXPECT_EQ(out[2], 0);
  EXPECT_FLOAT_EQ(out[3], 3.9318256F);  // log 51
}

}  // namespace
}  // namespace embd
