#include "model/weight_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <random>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"
#include "model/test_support.h"
#include "model/weight_loader.h"
#include "tensor/convert.h"

namespace embd {
namespace {

using test::GoldenModel;
using test::LoadedModel;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

std::unique_ptr<const Backend> Portable() { return MakeCpuBackend(CpuIsa::kPortable); }

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

// A checkpoint of one linear layer behind one norm, with values that a test chooses.
class OneLayer {
 public:
  static constexpr std::int64_t kIn = 256;
  static constexpr std::int64_t kOut = 64;

  OneLayer() {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0.0F, 0.05F);
    for (float& w : weight) w = normal(random);
  }

  double Loss(const std::string& norm = "norm") {
    const std::filesystem::path path = folder_.root() / "model.safetensors";
    test::WriteSafetensors(path, {{"layer.weight", DType::kF32, {kOut, kIn}},
                                  {"norm.weight", DType::kF32, {kIn}},
                                  {"norm.bias", DType::kF32, {kIn}}});
    Fill(path);
    const Checkpoint checkpoint = Checkpoint::Open(path);
    const auto rule = [](const char* name, Shape shape) {
      return TensorRule{.name = name, .shape = shape, .use = TensorUse::kRequired, .aliases = {}};
    };
    const WeightMap weights = WeightMap::Resolve(
        checkpoint,
        {rule("layer.weight", {kOut, kIn}), rule("norm.weight", {kIn}), rule("norm.bias", {kIn})},
        {""});
    return EstimateInt8Loss({{"layer"}, kOut, kIn, norm}, weights);
  }

  std::vector<float> weight = std::vector<float>(kOut * kIn);
  std::vector<float> gamma = std::vector<float>(kIn, 1.0F);
  std::vector<float> beta = std::vector<float>(kIn, 0.0F);

 private:
  // The tensors stand at the end of the file in the order given.
  void Fill(const std::filesystem::path& path) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::size_t bytes = (weight.size() + gamma.size() + beta.size()) * sizeof(float);
    file.seekp(-static_cast<std::streamoff>(bytes), std::ios::end);
    for (const std::vector<float>* part : {&weight, &gamma, &beta}) {
      file.write(reinterpret_cast<const char*>(part->data()),
                 static_cast<std::streamsize>(part->size() * sizeof(float)));
    }
  }

  test::ModelCopy folder_{"f32"};
};

// Of normal numbers the largest of some hundred is about 3 deviations away: 3 / 127 / sqrt(12) is
// 0.007, for weights and inputs alike.
TEST(EstimateInt8Loss, OfNormalNumbersIsSmall) {
  OneLayer layer;
  EXPECT_NEAR(layer.Loss(), 0.010, 0.002);
  EXPECT_NEAR(layer.Loss(""), 0.010, 0.002);
}

TEST(EstimateInt8Loss, AHugeWeightInEveryRowShows) {
  OneLayer layer;
  for (std::int64_t row = 0; row < OneLayer::kOut; ++row) layer.weight[row * OneLayer::kIn] = 5.0F;
  // Its input has no part in the signal, so nothing makes up for the others' rounding.
  layer.gamma[0] = 0.0F;
  EXPECT_GT(layer.Loss(), 0.2);
}

TEST(EstimateInt8Loss, AHugeInputThatTheWeightsIgnoreShows) {
  OneLayer layer;
  layer.gamma[7] = 60.0F;
  for (std::int64_t row = 0; row < OneLayer::kOut; ++row) layer.weight[row * OneLayer::kIn + 7] = 0;
  EXPECT_GT(layer.Loss(), 0.2);
  EXPECT_LT(layer.Loss(""), 0.02);
}

TEST(EstimateInt8Loss, NothingAtAllLosesNothing) {
  OneLayer layer;
  for (float& w : layer.weight) w = 0.0F;
  EXPECT_EQ(layer.Loss(), 0.0);
}

TEST(WeightFormats, FollowTheOperatorOrTheCheckpoint) {
  struct Case {
    const char* golden;
    WeightPrecision precision;
    WeightFormat expected;
  };
  for (const Case& c : {Case{"f32", WeightPrecision::kFloat32, WeightFormat::kF32},
                        Case{"f16", WeightPrecision::kFloat32, WeightFormat::kF16},
                        Case{"bf16", WeightPrecision::kFloat32, WeightFormat::kBF16},
                        Case{"f32", WeightPrecision::kFloat16, WeightFormat::kF16},
                        Case{"f16", WeightPrecision::kBFloat16, WeightFormat::kBF16},
                        Case{"f32", WeightPrecision::kInt8, WeightFormat::kInt8}}) {
    const LoadedModel loaded(GoldenModel(c.golden), Portable(), c.precision);
    EXPECT_TRUE(loaded.formats.kept().empty());
    for (const LinearSpec& linear : loaded.architecture->manifest().linears) {
      EXPECT_EQ(loaded.formats.Of(linear), c.expected) << c.golden << linear.parts.front();
    }
  }
}

void ExpectAllInt8But(const std::string& layer, WeightFormat format, const LoadedModel& loaded) {
  for (const LinearSpec& linear : loaded.architecture->manifest().linears) {
    EXPECT_EQ(loaded.formats.Of(linear),
              linear.parts.front() == layer ? format : WeightFormat::kInt8)
        << linear.parts.front();
  }
}

// A huge weight in every row, for an input that is always 0: as integers the others would vanish.
TEST(WeightFormats, ALayerThatIntegersSpoilStaysInFloats) {
  const test::ModelCopy folder("f32");
  const std::filesystem::path path = folder.root() / "model.safetensors";
  const std::string layer = "encoder.layer.0.intermediate.dense";
  const std::string norm = "encoder.layer.0.attention.output.LayerNorm";
  for (std::size_t row = 0; row < 28; ++row) {
    test::OverwriteTensor(path, layer + ".weight", row * 16, {50.0F});
  }
  test::OverwriteTensor(path, norm + ".weight", 0, {0.0F});
  test::OverwriteTensor(path, norm + ".bias", 0, {0.0F});
  const LoadedModel exact(folder.root(), Portable());
  const LoadedModel loaded(folder.root(), Portable(), WeightPrecision::kInt8);
  ExpectAllInt8But(layer, WeightFormat::kF32, loaded);
  EXPECT_THAT(loaded.formats.kept(), ElementsAre(MatchesRegex(layer + " \\([0-9.]+ %\\)")));
  const test::OwnedBatch batch = test::ReadExpected(GoldenModel("f32")).batch;
  EXPECT_LE(1 - Cosine(test::RunStep(loaded.model, batch).tokens,
                       test::RunStep(exact.model, batch).tokens),
            1e-3);
}

// A loss that is no number is out of line, too. Two of the checkpoint's floats take a float's
// place.
TEST(WeightFormats, ALayerThatStaysInFloatsHasTheCheckpointsType) {
  const test::ModelCopy folder("f16");
  const std::string layer = "encoder.layer.1.output.dense";
  test::OverwriteTensor(folder.root() / "model.safetensors", layer + ".weight", 0,
                        {std::bit_cast<float>(0x7e007e00U)});
  const LoadedModel loaded(folder.root(), Portable(), WeightPrecision::kInt8);
  ExpectAllInt8But(layer, WeightFormat::kF16, loaded);
  EXPECT_THAT(loaded.formats.kept(), ElementsAre(StartsWith(layer + " (")));
}

TEST(WeightFormats, AreInTheFootprint) {
  const LoadedModel floats(GoldenModel("f32"), Portable());
  const LoadedModel int8(GoldenModel("f32"), Portable(), WeightPrecision::kInt8);
  const auto footprint = [](const LoadedModel& loaded) {
    return loaded.architecture->Footprint(loaded.weights, *loaded.backend, loaded.formats);
  };
  EXPECT_LE(footprint(int8).prepared_bytes, footprint(floats).prepared_bytes);
  EXPECT_EQ(footprint(floats).copied_bytes, 0U);
  EXPECT_EQ(footprint(int8).mapped_bytes, 0U);
  EXPECT_EQ(footprint(int8).copied_bytes, PageBuffer::ResidentBytes(72 * 16 * 2) +
                                              PageBuffer::ResidentBytes(32 * 16 * 2) +
                                              PageBuffer::ResidentBytes(2 * 16 * 2));
}

TEST(WeightFormats, TablesFollowTheOperatorUnlessTheyAreNarrowAlready) {
  struct Case {
    const char* golden;
    WeightPrecision precision;
    DType expected;
  };
  for (const Case& c : {Case{"f32", WeightPrecision::kFloat32, DType::kF32},
                        Case{"f16", WeightPrecision::kFloat32, DType::kF16},
                        Case{"f32", WeightPrecision::kFloat16, DType::kF16},
                        Case{"f32", WeightPrecision::kBFloat16, DType::kBF16},
                        Case{"f32", WeightPrecision::kInt8, DType::kF16},
                        Case{"f16", WeightPrecision::kBFloat16, DType::kF16},
                        Case{"bf16", WeightPrecision::kInt8, DType::kBF16}}) {
    const LoadedModel loaded(GoldenModel(c.golden), Portable(), c.precision);
    const WeightLoader loader(loaded.weights, loaded.checkpoint, *loaded.backend, loaded.formats);
    for (const TableSpec& spec : loaded.architecture->manifest().tables) {
      EXPECT_EQ(loader.Table(spec).view().dtype, c.expected) << c.golden << spec.name;
    }
  }
}

// Odd sizes and several pieces of work, against conversion by the compiler's own types.
TEST(EmbeddingTables, AreTheNearestNarrowFloats) {
  constexpr std::int64_t kRows = 70'001;
  constexpr std::int64_t kCols = 13;
  const test::ModelCopy folder("f32");
  const std::filesystem::path path = folder.root() / "table.safetensors";
  test::WriteSafetensors(path, {{"table", DType::kF32, {kRows, kCols}}});
  std::vector<float> values(kRows * kCols);
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  for (float& value : values) value = normal(random) * std::exp2(-std::abs(8 * normal(random)));
  test::OverwriteTensor(path, "table", 0, values);
  const Checkpoint checkpoint = Checkpoint::Open(path);
  const TableSpec spec = {"table", kRows, kCols};
  const WeightManifest manifest = {.tables = {spec}, .linears = {}, .norms = {}, .ignored = {}};
  const WeightMap weights = WeightMap::Resolve(checkpoint, manifest.Rules(), {""});
  const std::unique_ptr<const Backend> backend = Portable();
  const auto load = [&](WeightPrecision precision) {
    const auto formats = WeightFormats::Choose(manifest, weights, checkpoint, precision);
    return WeightLoader(weights, checkpoint, *backend, formats).Table(spec);
  };
  const EmbeddingTable halves = load(WeightPrecision::kInt8);
  const EmbeddingTable brains = load(WeightPrecision::kBFloat16);
  ASSERT_EQ(halves.view().dtype, DType::kF16);
  ASSERT_EQ(brains.view().dtype, DType::kBF16);
  std::vector<float> from_half(values.size());
  std::vector<float> from_brain(values.size());
  ConvertToFloat(halves.view().data, DType::kF16, values.size(), from_half.data());
  ConvertToFloat(brains.view().data, DType::kBF16, values.size(), from_brain.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float magnitude = std::abs(values[i]);
    // Half of the last place: of 11 bits and of 8, and below 2^-14 of a multiple of 2^-24.
    ASSERT_LE(std::abs(from_half[i] - values[i]), std::max(magnitude * 0x1p-11F, 0x1p-25F)) << i;
    ASSERT_LE(std::abs(from_brain[i] - values[i]), magnitude * 0x1p-8F) << i;
  }
}

// What a 16-bit float cannot hold stays as it is; what is no number stays so and spoils nothing
// else.
TEST(EmbeddingTables, BeyondTheNarrowTypeStayAsTheyAre) {
  struct Case {
    float value;
    DType expected;
  };
  const char* const words = "embeddings.word_embeddings.weight";
  for (const Case& c :
       {Case{65504.0F, DType::kF16}, Case{-65520.0F, DType::kF32}, Case{1e30F, DType::kF32},
        Case{std::nanf(""), DType::kF16}, Case{INFINITY, DType::kF16}}) {
    const test::ModelCopy copy("f32");
    test::OverwriteTensor(copy.root() / "model.safetensors", words, 17, {c.value});
    for (const WeightPrecision precision : {WeightPrecision::kInt8, WeightPrecision::kFloat16}) {
      const LoadedModel loaded(copy.root(), Portable(), precision);
      const auto& tables = loaded.architecture->manifest().tables;
      EXPECT_EQ(loaded.formats.Of(tables[0]), c.expected) << c.value;
      EXPECT_EQ(loaded.formats.Of(tables[1]), DType::kF16) << c.value;
      const auto footprint =
          loaded.architecture->Footprint(loaded.weights, *loaded.backend, loaded.formats);
      EXPECT_EQ(footprint.mapped_bytes, c.expected == DType::kF32 ? 72U * 16 * 4 : 0U);
    }
  }
}

// The tiny model's weights are random, which leaves no room for luck.
TEST(WeightFormats, EachModelIsCloseToTheExactOne) {
  struct Case {
    WeightPrecision precision;
    double loss;
  };
  const test::Expected expected = test::ReadExpected(GoldenModel("f32"));
  std::vector<std::unique_ptr<const Backend>> backends;
  backends.push_back(MakeRefBackend());
  for (const CpuIsa isa : SupportedCpuIsas()) backends.push_back(MakeCpuBackend(isa));
  for (std::unique_ptr<const Backend>& backend : backends) {
    for (const Case& c :
         {Case{WeightPrecision::kFloat16, 1e-6}, Case{WeightPrecision::kBFloat16, 1e-4},
          Case{WeightPrecision::kInt8, 1e-3}}) {
      std::unique_ptr<const Backend> mine =
          backend->name() == "ref" ? MakeRefBackend()
                                   : MakeCpuBackend(*CpuIsaFromName(backend->name().substr(4)));
      const LoadedModel loaded(GoldenModel("f32"), std::move(mine), c.precision);
      const test::Rows rows = test::RunStep(loaded.model, expected.batch);
      const double loss = 1 - Cosine(rows.tokens, expected.hidden);
      EXPECT_LE(loss, c.loss) << backend->name() << " " << WeightPrecisionName(c.precision);
      EXPECT_GT(loss, 1e-10) << backend->name() << " " << WeightPrecisionName(c.precision);
      EXPECT_EQ(test::RunStep(loaded.model, expected.batch, 3).tokens, rows.tokens);
    }
  }
}

}  // namespace
}  // namespace embd
