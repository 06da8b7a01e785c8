#include "model/arch/bert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"
#include "model/registry.h"
#include "model/test_support.h"

namespace embd {
namespace {

using test::BackendNames;
using test::GoldenModel;
using test::LargestDifference;
using test::LoadedModel;
using test::MakeNamedBackend;
using test::ModelCopy;
using test::Underscored;
using ::testing::HasSubstr;

// A value here is rounded some ten times a layer (norm, product, softmax, product, sum, ...) and
// each rounding is spread by weights whose rows have a norm of about 2; two layers of that.
float Tolerance(const std::vector<float>& expected) {
  float magnitude = 0;
  for (const float value : expected) magnitude = std::max(magnitude, std::abs(value));
  return 100 * std::numeric_limits<float>::epsilon() * magnitude;
}

class BertGolden : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(BertGolden, ComputesWhatTransformersComputes) {
  const auto& [golden, backend] = GetParam();
  const LoadedModel loaded(GoldenModel(golden), MakeNamedBackend(backend));
  const test::Expected expected = test::ReadExpected(GoldenModel(golden));
  const test::Rows rows = test::RunStep(loaded.model, expected.batch);
  EXPECT_LE(LargestDifference(rows.tokens, expected.hidden), Tolerance(expected.hidden));
  EXPECT_LE(LargestDifference(rows.pooled, expected.pooled), Tolerance(expected.pooled));
}

INSTANTIATE_TEST_SUITE_P(All, BertGolden,
                         ::testing::Combine(::testing::Values("f32", "f16", "bf16", "sharded",
                                                              "prefixed", "gelu_new", "relu",
                                                              "silu", "tanh"),
                                            ::testing::ValuesIn(BackendNames())),
                         [](const auto& row) {
                           return Underscored(std::get<0>(row.param) + "_" +
                                              std::get<1>(row.param));
                         });

// The goldens can tell the exact GELU from its approximation.
TEST(BertGolden, AnotherActivationShows) {
  const ModelCopy copy("f32");
  copy.Replace("config.json", "\"gelu\"", "\"gelu_pytorch_tanh\"");
  const LoadedModel loaded(copy.root(), MakeRefBackend());
  const test::Expected expected = test::ReadExpected(copy.root());
  const test::Rows rows = test::RunStep(loaded.model, expected.batch);
  EXPECT_GT(LargestDifference(rows.tokens, expected.hidden), 5 * Tolerance(expected.hidden));
}

class BertBackend : public ::testing::TestWithParam<std::string> {
 protected:
  BertBackend()
      : loaded_(GoldenModel("f32"), MakeNamedBackend(GetParam())),
        batch_(test::ReadExpected(GoldenModel("f32")).batch) {}

  LoadedModel loaded_;
  test::OwnedBatch batch_;
};

TEST_P(BertBackend, GivesTheSameBitsAloneAndInABatch) {
  const test::Rows together = test::RunStep(loaded_.model, batch_);
  const auto hidden = static_cast<std::size_t>(loaded_.model.output_size());
  for (std::size_t i = 0; i + 1 < batch_.offsets.size(); ++i) {
    const test::Rows alone = test::RunStep(loaded_.model, batch_.Alone(i));
    EXPECT_TRUE(std::equal(alone.pooled.begin(), alone.pooled.end(),
                           together.pooled.begin() + static_cast<std::ptrdiff_t>(i * hidden)))
        << "sequence " << i;
    EXPECT_TRUE(std::equal(
        alone.tokens.begin(), alone.tokens.end(),
        together.tokens.begin() + static_cast<std::ptrdiff_t>(batch_.offsets[i] * hidden)))
        << "sequence " << i;
  }
}

TEST_P(BertBackend, GivesTheSameBitsOnOneLaneAndOnThree) {
  const test::Rows one = test::RunStep(loaded_.model, batch_, 1);
  const test::Rows three = test::RunStep(loaded_.model, batch_, 3);
  EXPECT_EQ(one.pooled, three.pooled);
  EXPECT_EQ(one.tokens, three.tokens);
}

TEST_P(BertBackend, UsesAllOfTheActivationsThatItDeclares) {
  const StepLimits limits = batch_.limits();
  const PageBuffer memory(loaded_.model.ActivationBytes(limits));
  const PageBuffer scratch_memory(loaded_.model.ScratchBytes(limits));
  Arena arena(memory.bytes());
  Arena scratch(scratch_memory.bytes());
  loaded_.model.Run(batch_.view(), arena,
                    {.index = 0, .count = 1, .barrier = nullptr, .scratch = &scratch});
  // The pooled rows are placed after the layers have given their space back.
  EXPECT_LE(arena.high_water(), memory.size());
  EXPECT_GE(arena.high_water(), loaded_.architecture->ActivationBytes(limits));
}

INSTANTIATE_TEST_SUITE_P(All, BertBackend, ::testing::ValuesIn(BackendNames()),
                         [](const auto& row) { return Underscored(row.param); });

TEST(BertModel, ReusesItsSpaceBetweenSteps) {
  const LoadedModel loaded(GoldenModel("f32"), MakeRefBackend());
  const test::OwnedBatch batch = test::ReadExpected(GoldenModel("f32")).batch;
  const PageBuffer memory(loaded.model.ActivationBytes(batch.limits()));
  const PageBuffer scratch_memory(loaded.model.ScratchBytes(batch.limits()));
  std::vector<float> first;
  for (int step = 0; step < 2; ++step) {
    Arena arena(memory.bytes());
    Arena scratch(scratch_memory.bytes());
    const Model::Outputs outputs = loaded.model.Run(
        batch.view(), arena, {.index = 0, .count = 1, .barrier = nullptr, .scratch = &scratch});
    const std::vector<float> row(outputs.pooled.row(1), outputs.pooled.row(1) + 16);
    if (step == 0) {
      first = row;
    } else {
      EXPECT_EQ(row, first);
    }
  }
}

// As the RoBERTa family needs it: the batch counts from 0, the table's rows begin later.
TEST(BertModel, AddsThePositionOffset) {
  const LoadedModel plain(GoldenModel("f32"), MakeRefBackend());
  ModelSpec spec = ReadModelSpec(ModelFiles::FromDirectory(GoldenModel("f32")), {});
  spec.position_offset = 3;
  const std::unique_ptr<const Architecture> architecture = MakeBert(spec);
  const EncoderModel shifted({.architecture = *architecture,
                              .backend = *plain.backend,
                              .network = architecture->Load(plain.weights, plain.checkpoint,
                                                            *plain.backend, plain.formats)});
  const test::OwnedBatch batch = test::ReadExpected(GoldenModel("f32")).batch.Alone(2);
  test::OwnedBatch later = batch;
  for (std::uint32_t& position : later.position_ids) position += 3;
  EXPECT_EQ(test::RunStep(shifted, batch).tokens, test::RunStep(plain.model, later).tokens);
  EXPECT_NE(test::RunStep(shifted, batch).tokens, test::RunStep(plain.model, batch).tokens);
  later.position_ids.back() = 29;  // with the offset, one beyond the table of 32
  EXPECT_THROW(test::RunStep(shifted, later), std::out_of_range);
}

struct BadIds {
  const char* name;
  void (*spoil)(test::OwnedBatch&);
  const char* message;
};

class BertBadIds : public ::testing::TestWithParam<BadIds> {};

TEST_P(BertBadIds, AreRefusedBeforeATableIsRead) {
  const LoadedModel loaded(GoldenModel("f32"), MakeRefBackend());
  test::OwnedBatch batch = test::ReadExpected(GoldenModel("f32")).batch;
  GetParam().spoil(batch);
  try {
    test::RunStep(loaded.model, batch);
    FAIL() << "nothing was thrown";
  } catch (const std::out_of_range& error) {
    EXPECT_STREQ(error.what(), GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BertBadIds,
    ::testing::Values(BadIds{"token", [](test::OwnedBatch& b) { b.ids[9] = 72; },
                             "token id 72 is not below 72"},
                      BadIds{"type", [](test::OwnedBatch& b) { b.type_ids[9] = 2; },
                             "token type 2 is not below 2"},
                      BadIds{"position", [](test::OwnedBatch& b) { b.position_ids.back() = 32; },
                             "position 32 is not below 32"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(BertFootprint, CountsTablesAsTheyAreStored) {
  for (const auto& [golden, element] : {std::pair{"f32", 4U}, std::pair{"f16", 2U}}) {
    const LoadedModel loaded(GoldenModel(golden), MakeCpuBackend(CpuIsa::kPortable));
    const WeightFootprint footprint =
        loaded.architecture->Footprint(loaded.weights, *loaded.backend, loaded.formats);
    EXPECT_EQ(footprint.mapped_bytes, (72 + 32 + 2) * 16 * element);
    // Two layers of [48, 16], [16, 16], [28, 16], [16, 28], and five norms.
    std::size_t prepared = 5 * 2 * 16 * sizeof(float);
    const WeightFormat format = element == 4 ? WeightFormat::kF32 : WeightFormat::kF16;
    for (const auto& [out, in] : {std::pair{48, 16}, {16, 16}, {28, 16}, {16, 28}}) {
      prepared += 2 * loaded.backend->PreparedBytes(out, in, format);
    }
    EXPECT_EQ(footprint.prepared_bytes, prepared);
  }
}

TEST(BertWeights, HeadsAndOldBuffersAreKnown) {
  for (const char* golden : {"f32", "prefixed"}) {
    const LoadedModel loaded(GoldenModel(golden), MakeRefBackend());
    EXPECT_EQ(loaded.weights.UnusedWarning(), "") << golden;
  }
}

TEST(BertWeights, OfAnotherShapeThanTheConfigAreRefused) {
  const ModelCopy copy("f32");
  copy.Replace("config.json", "\"max_position_embeddings\": 32", "\"max_position_embeddings\": 64");
  EXPECT_THAT(test::RefusalOf([&] { LoadedModel(copy.root(), MakeRefBackend()); }),
              HasSubstr("model.safetensors: expected the tensors of the model that config.json "
                        "describes, found embeddings.position_embeddings.weight of shape [32, 16] "
                        "instead of [64, 16]"));
}

struct BadConfig {
  const char* name;
  const char* from;
  const char* to;
  const char* message;
};

class BertBadConfig : public ::testing::TestWithParam<BadConfig> {};

TEST_P(BertBadConfig, IsNamed) {
  const ModelCopy copy("f32");
  copy.Replace("config.json", GetParam().from, GetParam().to);
  EXPECT_THAT(test::RefusalOf([&] {
                MakeArchitecture(ReadModelSpec(ModelFiles::FromDirectory(copy.root()), {}));
              }),
              HasSubstr("config.json: " + std::string(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    All, BertBadConfig,
    ::testing::Values(
        BadConfig{"no_vocabulary", "\"vocab_size\"", "\"x\"", "expected a member \"vocab_size\""},
        BadConfig{"vocabulary_text", "\"vocab_size\": 72", "\"vocab_size\": \"72\"",
                  "vocab_size: expected an integer from 1 to 67108864, found a string"},
        BadConfig{"no_positions", "max_position_embeddings", "x",
                  "expected a member \"max_position_embeddings\""},
        BadConfig{"zero_positions", "\"max_position_embeddings\": 32",
                  "\"max_position_embeddings\": 0", "max_position_embeddings: expected an integer"},
        BadConfig{"no_types", "\"type_vocab_size\": 2", "\"type_vocab_size\": 0",
                  "type_vocab_size: expected an integer from 1"},
        BadConfig{"no_hidden", "hidden_size", "x", "expected a member \"hidden_size\""},
        BadConfig{"zero_hidden", "\"hidden_size\": 16", "\"hidden_size\": 0", "hidden_size: "},
        BadConfig{"huge_hidden", "\"hidden_size\": 16", "\"hidden_size\": 4611686018427387904",
                  "hidden_size: expected an integer from 1 to 131072"},
        BadConfig{"no_intermediate", "intermediate_size", "x",
                  "expected a member \"intermediate_size\""},
        BadConfig{"no_layers", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 0",
                  "num_hidden_layers: expected an integer from 1 to 1024"},
        BadConfig{"too_many_layers", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1000000",
                  "num_hidden_layers: expected an integer from 1 to 1024"},
        BadConfig{"no_heads", "\"num_attention_heads\": 2", "\"num_attention_heads\": 0",
                  "num_attention_heads: expected an integer from 1 to 16"},
        BadConfig{"odd_heads", "\"num_attention_heads\": 2", "\"num_attention_heads\": 3",
                  "num_attention_heads: expected a divisor of hidden_size 16, found 3"},
        BadConfig{"activation", "\"gelu\"", "\"wobble\"",
                  "hidden_act: expected one of gelu, gelu_new, gelu_pytorch_tanh, relu, silu, "
                  "swish, tanh, found \"wobble\""},
        BadConfig{"activation_number", "\"gelu\"", "1", "hidden_act: expected a string"},
        BadConfig{"zero_epsilon", "1e-05", "0", "layer_norm_eps: expected a number above 0"},
        BadConfig{"negative_epsilon", "1e-05", "-1e-5",
                  "layer_norm_eps: expected a number above 0"},
        BadConfig{"epsilon_text", "1e-05", "\"1e-5\"", "layer_norm_eps: expected a number"},
        BadConfig{"relative_positions", "{", "{\"position_embedding_type\": \"relative_key\",",
                  "position_embedding_type: expected \"absolute\", found \"relative_key\""},
        BadConfig{"decoder", "{", "{\"is_decoder\": true,",
                  "is_decoder: expected an encoder, found a decoder"}),
    [](const auto& row) { return std::string(row.param.name); });

// transformers leaves these out when they have their defaults, and so do hand-written configs.
TEST(BertConfig, HasTheDefaultsOfTransformers) {
  const ModelCopy copy("f32");
  copy.Replace("config.json", "\"hidden_act\": \"gelu\",", "");
  copy.Replace("config.json", "\"type_vocab_size\": 2,", "");
  copy.Replace("config.json", "{", "{\"position_embedding_type\": \"absolute\",");
  const LoadedModel loaded(copy.root(), MakeRefBackend());
  const test::Expected expected = test::ReadExpected(copy.root());
  const test::Rows rows = test::RunStep(loaded.model, expected.batch);
  EXPECT_LE(LargestDifference(rows.tokens, expected.hidden), Tolerance(expected.hidden));
}

}  // namespace
}  // namespace embd
