// The oracle against torch: tests/golden/kernels says how its numbers were made.

#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>

#include "kernels/test_support.h"

namespace embd {
namespace {

using kernel_test::LaneScratch;

class RefGoldenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file("tests/golden/kernels/kernels.txt");
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string name;
      words >> name;
      for (float x = 0; words >> x;) values_[name].push_back(x);
    }
    ASSERT_FALSE(values_.empty()) << "run from the repository's root";
  }

  MatrixView Matrix(const std::string& name, std::int64_t rows) {
    std::vector<float>& values = values_.at(name);
    const auto cols = static_cast<std::int64_t>(values.size()) / rows;
    return {.data = values.data(), .rows = rows, .cols = cols, .stride = cols};
  }
  TensorView Tensor(const std::string& name, std::int64_t rows) {
    const MatrixView matrix = Matrix(name, rows);
    return {.data = reinterpret_cast<const std::byte*>(matrix.data),
            .dtype = DType::kF32,
            .shape = {rows, matrix.cols}};
  }

  void Expect(const std::vector<float>& actual, const std::string& name) {
    const std::vector<float>& expected = values_.at(name);
    ASSERT_EQ(actual.size(), expected.size()) << name;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], 2e-6F) << name << " " << i;
    }
  }

  void ExpectAttention(const std::string& name, AttentionArgs args) {
    const std::vector<std::uint32_t> offsets = {0, 7};
    args.offsets = offsets;
    args.heads = 4;
    args.head_size = 4;
    args.scale = 0.3F;
    std::vector<float> out(7 * 16);
    backend_->Attention(args, {.data = out.data(), .rows = 7, .cols = 16, .stride = 16},
                        scratch_.lane());
    Expect(out, name);
  }

  std::map<std::string, std::vector<float>> values_;
  std::unique_ptr<const Backend> backend_ = MakeRefBackend();
  LaneScratch scratch_{*backend_, {.max_sequence_tokens = 7}};
};

TEST_F(RefGoldenTest, Rotary) {
  std::vector<std::uint32_t> positions(5);
  std::iota(positions.begin(), positions.end(), 0);
  const auto turn = [&](ConstMatrixView angles, RotaryPairs pairs) {
    std::vector<float> x = values_.at("rotary_in");
    const RotaryArgs args{
        .position_ids = positions, .angles = angles, .head_size = 8, .pairs = pairs};
    backend_->Rotate(args, {.data = x.data(), .rows = 5, .cols = 16, .stride = 16},
                     scratch_.lane());
    return x;
  };
  const MatrixView angles = Matrix("rotary_angles", 5);
  Expect(turn(angles, RotaryPairs::kHalves), "rotary_halves");
  Expect(turn(angles, RotaryPairs::kNeighbours), "rotary_neighbours");
  std::vector<float> first_two;
  for (std::int64_t position = 0; position < 5; ++position) {
    for (const int i : {0, 1, 4, 5}) first_two.push_back(angles.row(position)[i]);
  }
  Expect(turn({first_two.data(), 5, 4, 4}, RotaryPairs::kHalves), "rotary_partial");
}

TEST_F(RefGoldenTest, Attention) {
  const MatrixView qkv = Matrix("attention_qkv", 7);
  ExpectAttention("attention_causal", {.qkv = qkv, .offsets = {}, .distance = {.causal = true}});
  ExpectAttention("attention_window_2", {.qkv = qkv, .offsets = {}, .distance = {.window = 2}});
  ExpectAttention(
      "attention_alibi",
      {.qkv = qkv, .offsets = {}, .distance = {.slopes = values_.at("attention_slopes").data()}});
  ExpectAttention("attention_relative",
                  {.qkv = qkv, .offsets = {}, .distance = {.table = Matrix("attention_table", 4)}});
  ExpectAttention("attention_shared",
                  {.qkv = Matrix("attention_shared_qkv", 7), .offsets = {}, .kv_heads = 2});
}

TEST_F(RefGoldenTest, Gates) {
  const LinearWeight weight{.weight = Tensor("gate_weight", 5), .bias = {}};
  const LinearWeight up{.weight = Tensor("gate_up", 5), .bias = {}};
  const auto prepared = backend_->Prepare({&weight, 1}, WeightFormat::kF32);
  const auto gate = backend_->Prepare({&up, 1}, WeightFormat::kF32);
  const std::pair<const char*, Activation> cases[] = {{"gate_silu", Activation::kSilu},
                                                      {"gate_gelu", Activation::kGelu},
                                                      {"gate_gelu_tanh", Activation::kGeluTanh}};
  for (const auto& [name, activation] : cases) {
    std::vector<float> out(15);
    backend_->Linear(Matrix("gate_in", 3), *prepared,
                     {.activation = activation, .gate = gate.get(), .residual = {}},
                     {.data = out.data(), .rows = 3, .cols = 5, .stride = 5}, scratch_.lane());
    Expect(out, name);
  }
}

TEST_F(RefGoldenTest, Norms) {
  NormWeights weights{.gamma = values_.at("norm_gamma").data(),
                      .beta = values_.at("norm_beta").data(),
                      .epsilon = 1e-5F};
  const auto norm = [&](const NormOptions& options) {
    std::vector<float> out(24);
    backend_->Norm(Matrix("norm_in", 3), weights, options,
                   {.data = out.data(), .rows = 3, .cols = 8, .stride = 8}, scratch_.lane());
    return out;
  };
  Expect(norm({}), "norm_layer");
  weights.beta = nullptr;
  weights.kind = NormKind::kRms;
  Expect(norm({}), "norm_rms");
  Expect(norm({.pieces = 2}), "norm_rms_pieces");
}

}  // namespace
}  // namespace embd
