// The heads of the BERT family against transformers, and what a checkpoint may lack of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"
#include "model/heads/splade.h"
#include "model/registry.h"
#include "model/test_support.h"
#include "model/weight_loader.h"

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

std::vector<std::string> Goldens() {
  return {"reranker",
          "classifier",
          "no_pooler",
          "splade",
          "splade_untied",
          "roberta",
          "camembert",
          "roberta_reranker",
          "roberta_splade",
          "roberta_splade_untied",
          "xlm_roberta_classifier"};
}

float Largest(const std::vector<float>& values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

// As for the hidden states (see bert_test.cc), with up to three more operations, whose weights
// spread an error of the hidden states as they spread these.
float Tolerance(const std::vector<float>& hidden, const std::vector<float>& rows) {
  return 150 * std::numeric_limits<float>::epsilon() * std::max(Largest(hidden), Largest(rows));
}

using Parameter = std::tuple<std::string, std::string>;

class HeadsGolden : public ::testing::TestWithParam<Parameter> {
 protected:
  HeadsGolden()
      : folder_(GoldenModel(std::get<0>(GetParam()))),
        loaded_(folder_, MakeNamedBackend(std::get<1>(GetParam()))),
        expected_(test::ReadExpected(folder_)) {}

  std::filesystem::path folder_;
  LoadedModel loaded_;
  test::Expected expected_;
};

TEST_P(HeadsGolden, ComputesWhatTransformersComputes) {
  const test::Rows rows = test::RunStep(loaded_.model, expected_.batch);
  const float tolerance = Tolerance(expected_.hidden, expected_.pooled);
  EXPECT_LE(LargestDifference(rows.tokens, expected_.hidden), tolerance);
  EXPECT_LE(LargestDifference(rows.pooled, expected_.pooled), tolerance);
  EXPECT_EQ(loaded_.weights.UnusedWarning(), "");
}

TEST_P(HeadsGolden, GivesTheSameBitsAloneInABatchAndOnSeveralLanes) {
  const test::Rows together = test::RunStep(loaded_.model, expected_.batch);
  EXPECT_EQ(test::RunStep(loaded_.model, expected_.batch, 3).pooled, together.pooled);
  const auto columns = static_cast<std::size_t>(loaded_.model.output_size());
  for (std::size_t i = 0; i + 1 < expected_.batch.offsets.size(); ++i) {
    const test::Rows alone = test::RunStep(loaded_.model, expected_.batch.Alone(i));
    ASSERT_EQ(alone.pooled.size(), columns);
    EXPECT_TRUE(std::equal(alone.pooled.begin(), alone.pooled.end(),
                           together.pooled.begin() + static_cast<std::ptrdiff_t>(i * columns)))
        << "sequence " << i;
  }
}

// Random weights lose more than trained ones; what a wrong scale or layer would do is far larger.
TEST_P(HeadsGolden, OtherPrecisionsAreClose) {
  for (const auto& [precision, loss] :
       {std::pair{WeightPrecision::kFloat16, 0.01F}, std::pair{WeightPrecision::kBFloat16, 0.05F},
        std::pair{WeightPrecision::kInt8, 0.15F}}) {
    const LoadedModel other(folder_, MakeNamedBackend(std::get<1>(GetParam())), precision);
    const test::Rows rows = test::RunStep(other.model, expected_.batch, 2);
    EXPECT_LE(LargestDifference(rows.pooled, expected_.pooled),
              loss * std::max(Largest(expected_.hidden), Largest(expected_.pooled)))
        << WeightPrecisionName(precision);
  }
}

std::string NameOf(const ::testing::TestParamInfo<Parameter>& row) {
  return Underscored(std::get<0>(row.param) + "_" + std::get<1>(row.param));
}

INSTANTIATE_TEST_SUITE_P(All, HeadsGolden,
                         ::testing::Combine(::testing::ValuesIn(Goldens()),
                                            ::testing::ValuesIn(BackendNames())),
                         NameOf);

TEST(Heads, AModelIsForWhatItsFilesSay) {
  struct Case {
    const char* golden;
    ModelTask task;
    std::int64_t output_size;
  };
  for (const Case& c :
       {Case{"reranker", ModelTask::kReranker, 1},
        Case{"xlm_roberta_classifier", ModelTask::kClassifier, 3},
        Case{"splade", ModelTask::kEmbedding, 72}, Case{"camembert", ModelTask::kEmbedding, 8}}) {
    const LoadedModel loaded(GoldenModel(c.golden), MakeRefBackend());
    EXPECT_EQ(loaded.spec.task, c.task) << c.golden;
    EXPECT_EQ(loaded.model.output_size(), c.output_size) << c.golden;
  }
}

TEST(Heads, FloatsOfAClassifierStayFloatsInAnInt8Model) {
  const LoadedModel loaded(GoldenModel("roberta_reranker"), MakeRefBackend(),
                           WeightPrecision::kInt8);
  for (const LinearSpec& linear : loaded.architecture->manifest().linears) {
    const bool head = linear.parts.front().starts_with("classifier.");
    EXPECT_EQ(loaded.formats.Of(linear), head ? WeightFormat::kF32 : WeightFormat::kInt8)
        << linear.parts.front();
  }
  EXPECT_TRUE(loaded.formats.kept().empty());
}

// A tied decoder has a copy of its own beside the mapped table; an absent pooler takes nothing.
TEST(HeadsFootprint, CountsWhatIsThere) {
  const auto prepared = [](const char* golden) {
    const LoadedModel loaded(GoldenModel(golden), MakeCpuBackend(CpuIsa::kPortable));
    return loaded.architecture->Footprint(loaded.weights, *loaded.backend, loaded.formats);
  };
  const std::unique_ptr<const Backend> backend = MakeCpuBackend(CpuIsa::kPortable);
  const auto bytes = [&](std::int64_t out, std::int64_t in) {
    return backend->PreparedBytes(out, in, WeightFormat::kF32);
  };
  const std::size_t norm = 2 * 8 * sizeof(float);
  const std::size_t layer = bytes(24, 8) + bytes(8, 8) + bytes(12, 8) + bytes(8, 12) + 2 * norm;
  EXPECT_EQ(prepared("no_pooler").prepared_bytes, norm + layer + bytes(3, 8));
  EXPECT_EQ(prepared("reranker").prepared_bytes, norm + 2 * layer + bytes(8, 8) + bytes(1, 8));
  EXPECT_EQ(prepared("splade_untied").prepared_bytes,
            norm + layer + bytes(8, 8) + norm + bytes(72, 8));
  EXPECT_EQ(prepared("splade").mapped_bytes, (72 + 32 + 2) * 16 * sizeof(float));
}

// The columns of the vocabulary are computed piece by piece; where they are cut changes no bit.
class SpladePieces : public ::testing::TestWithParam<std::string> {};

TEST_P(SpladePieces, GiveTheSameBits) {
  const LoadedModel loaded(GoldenModel("splade"), MakeNamedBackend(GetParam()));
  const test::OwnedBatch batch = test::ReadExpected(GoldenModel("splade")).batch;
  const test::Rows whole = test::RunStep(loaded.model, batch);
  const WeightLoader loader(loaded.weights, loaded.checkpoint, *loaded.backend, loaded.formats);
  const std::vector<LinearSpec>& linears = loaded.architecture->manifest().linears;
  const NormSpec& norm = loaded.architecture->manifest().norms.back();
  for (const std::int64_t piece : {1, 16, 17, 71}) {
    SpladeSpec::Layers layers;
    layers.dense = linears[linears.size() - 2];
    layers.norm = norm;
    layers.decoder = linears.back();
    layers.decoder.piece = piece;
    const SpladeSpec spec(layers);
    Network network = loaded.architecture->Load(loaded.weights, loaded.checkpoint, *loaded.backend,
                                                loaded.formats);
    network.head = spec.Load(loader);
    const EncoderModel model({.architecture = *loaded.architecture,
                              .backend = *loaded.backend,
                              .network = std::move(network)});
    EXPECT_EQ(test::RunStep(model, batch, 2).pooled, whole.pooled) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SpladePieces, ::testing::ValuesIn(BackendNames()),
                         [](const auto& row) { return Underscored(row.param); });

// The logits of a step lie in the space of the encoder's layers: memory does not grow with
// vocabulary times tokens.
TEST(SpladeMemory, IsFarBelowTheLogitsOfAStep) {
  const StepLimits limits{.max_tokens = 512, .max_sequences = 34, .max_sequence_tokens = 512};
  SpladeSpec::Layers layers;
  layers.dense = {{"dense"}, 768, 768, {}};
  layers.decoder = {{"decoder"}, 30522, 768, {}};
  const std::size_t rows = Arena::MatrixBytes(34, 30522);
  EXPECT_LE(SpladeSpec(layers).ActivationBytes(limits) - rows, 6U << 20U);
}

// Renames or removes one tensor of a golden's file, and what the refusal says.
struct BadHead {
  const char* name;
  const char* golden;
  const char* file;
  const char* from;
  const char* to;
  const char* message;
};

class HeadsBad : public ::testing::TestWithParam<BadHead> {};

TEST_P(HeadsBad, IsNamed) {
  const ModelCopy copy(GetParam().golden);
  copy.Replace(GetParam().file, GetParam().from, GetParam().to);
  EXPECT_THAT(test::RefusalOf([&] { LoadedModel(copy.root(), MakeRefBackend()); }),
              HasSubstr(GetParam().message));
}

constexpr const char* kWeights = "model.safetensors";

INSTANTIATE_TEST_SUITE_P(
    All, HeadsBad,
    ::testing::Values(
        BadHead{"labels_missing", "reranker", kWeights, "\"classifier.weight\"",
                "\"classifiex.weight\"", "found no classifier.weight"},
        BadHead{"labels_bias_missing", "reranker", kWeights, "\"classifier.bias\"",
                "\"classifier.bia_\"", "found no classifier.bias"},
        BadHead{"more_labels", "reranker", "config.json", "\"0\": \"LABEL_0\"",
                "\"0\": \"a\", \"1\": \"b\"",
                "found classifier.weight of shape [1, 8] instead of [2, 8], classifier.bias of "
                "shape [1] instead of [2]"},
        BadHead{"half_a_pooler", "reranker", kWeights, "\"bert.pooler.dense.bias\"",
                "\"bert.pooler.dense.bia_\"", "found no pooler.dense.bias"},
        BadHead{"other_half", "classifier", kWeights, "\"bert.pooler.dense.weight\"",
                "\"bert.pooler.dense.weigh_\"", "found no pooler.dense.weight"},
        BadHead{"roberta_dense", "roberta_reranker", kWeights, "\"classifier.dense.weight\"",
                "\"classifier.dense.weigh_\"", "found no classifier.dense.weight"},
        BadHead{"roberta_labels", "roberta_reranker", kWeights, "\"classifier.out_proj.bias\"",
                "\"classifier.out_proj.bia_\"", "found no classifier.out_proj.bias"},
        BadHead{"transform", "splade", kWeights, "\"cls.predictions.transform.dense.weight\"",
                "\"cls.predictions.transform.dense.weigh_\"",
                "found no cls.predictions.transform.dense.weight"},
        BadHead{"transform_norm", "splade", kWeights,
                "\"cls.predictions.transform.LayerNorm.weight\"",
                "\"cls.predictions.transform.LayerNorm.weigh_\"",
                "found no cls.predictions.transform.LayerNorm.weight"},
        BadHead{"decoder_bias", "splade", kWeights, "\"cls.predictions.bias\"",
                "\"cls.predictions.bia_\"", "found no cls.predictions.decoder.bias"},
        BadHead{"untied_decoder", "splade_untied", kWeights, "\"cls.predictions.decoder.weight\"",
                "\"cls.predictions.decoder.weigh_\"", "found no cls.predictions.decoder.weight"},
        BadHead{"roberta_decoder", "roberta_splade_untied", kWeights, "\"lm_head.decoder.weight\"",
                "\"lm_head.decoder.weigh_\"", "found no lm_head.decoder.weight"},
        BadHead{"labels_of_numbers", "reranker", kWeights, "\"classifier.bias\":{\"dtype\":\"F32\"",
                "\"classifier.bias\":{\"dtype\":\"I32\"",
                "found classifier.bias of type I32 instead of F32, F16 or BF16"}),
    [](const auto& row) { return std::string(row.param.name); });

// A misspelt layer of a head in use may be the one that was meant.
TEST(HeadsUnused, AreToldOnlyOfTheHeadInUse) {
  const ModelCopy copy("splade");
  copy.Replace("config.json", "BertForMaskedLM", "BertModel");
  copy.Remove("modules.json");
  EXPECT_EQ(LoadedModel(copy.root(), MakeRefBackend()).weights.UnusedWarning(), "");
  const ModelCopy spelt("classifier");
  spelt.Replace(kWeights, "\"bert.pooler.dense.bias\"", "\"bert.pooled.dense.bias\"");
  spelt.Replace(kWeights, "\"bert.pooler.dense.weight\"", "\"bert.pooled.dense.weight\"");
  EXPECT_THAT(LoadedModel(spelt.root(), MakeRefBackend()).weights.UnusedWarning(),
              HasSubstr("bert.pooled.dense.bias"));
}

}  // namespace
}  // namespace embd
