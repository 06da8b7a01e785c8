#include "model/model_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/registry.h"
#include "model/test_support.h"

namespace embd {
namespace {

using test::ModelCopy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kConfig = "config.json";
constexpr const char* kPooling = "1_Pooling/config.json";
constexpr const char* kSentence = "sentence_bert_config.json";
constexpr const char* kModules = "modules.json";
constexpr const char* kPrompts = "config_sentence_transformers.json";

ModelSpec Read(const ModelCopy& copy, const ModelOverrides& overrides = {}) {
  return ReadModelSpec(ModelFiles::FromDirectory(copy.root()), overrides);
}

TEST(ModelSpec, UnderstandsAModelOfSentenceTransformers) {
  const ModelCopy copy("f32");
  copy.Write(kPrompts,
             R"({"prompts": {"query": "q: ", "document": ""}, "default_prompt_name": "query"})");
  const ModelSpec spec = Read(copy);
  EXPECT_EQ(spec.model_type, "bert");
  EXPECT_THAT(spec.architectures, ElementsAre("BertModel"));
  EXPECT_EQ(spec.task, ModelTask::kEmbedding);
  EXPECT_EQ(spec.pooling, Pooling::kMean);
  EXPECT_EQ(spec.base_length, 32);
  EXPECT_EQ(spec.position_offset, 0);
  EXPECT_THAT(spec.prompts, ElementsAre(Pair("document", ""), Pair("query", "q: ")));
  EXPECT_THAT(spec.warnings, IsEmpty());
}

TEST(ModelSpec, UnderstandsTheFilesOfRelease6) {
  const ModelCopy copy("f16");
  const ModelSpec spec = Read(copy);
  EXPECT_EQ(spec.pooling, Pooling::kMean);
  EXPECT_EQ(spec.base_length, 32);
  EXPECT_THAT(spec.warnings, IsEmpty());
}

TEST(ModelSpec, WithoutPoolingFileABertTakesTheFirstToken) {
  const ModelCopy copy("f32");
  copy.Remove("1_Pooling");
  const ModelSpec spec = Read(copy);
  EXPECT_EQ(spec.pooling, Pooling::kCls);
  EXPECT_THAT(spec.warnings, ElementsAre(HasSubstr("1_Pooling/config.json is missing")));
}

TEST(ModelSpec, TheOperatorsPoolingWinsAndNoFileIsRead) {
  const ModelCopy copy("f32");
  copy.Write(kPooling, "not read");
  ModelOverrides overrides;
  overrides.pooling = Pooling::kLastToken;
  EXPECT_EQ(Read(copy, overrides).pooling, Pooling::kLastToken);
}

struct PoolingCase {
  const char* name;
  const char* json;
  Pooling pooling;
  int warnings;
};

class ModelSpecPooling : public testing::TestWithParam<PoolingCase> {};

TEST_P(ModelSpecPooling, IsUnderstood) {
  const ModelCopy copy("f32");
  copy.Write(kPooling, GetParam().json);
  const ModelSpec spec = Read(copy);
  EXPECT_EQ(spec.pooling, GetParam().pooling);
  EXPECT_EQ(spec.warnings.size(), static_cast<std::size_t>(GetParam().warnings));
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelSpecPooling,
    testing::Values(
        PoolingCase{"cls", R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})",
                    Pooling::kCls, 0},
        PoolingCase{"cls_before_mean",
                    R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true})",
                    Pooling::kCls, 1},
        PoolingCase{"mean_before_last",
                    R"({"pooling_mode_mean_tokens": true, "pooling_mode_lasttoken": true})",
                    Pooling::kMean, 1},
        PoolingCase{"last", R"({"pooling_mode_lasttoken": true})", Pooling::kLastToken, 0},
        PoolingCase{"mean_before_max",
                    R"({"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true})",
                    Pooling::kMean, 1},
        PoolingCase{"named", R"({"pooling_mode": "cls"})", Pooling::kCls, 0},
        PoolingCase{"named_list", R"({"pooling_mode": ["lasttoken"]})", Pooling::kLastToken, 0},
        PoolingCase{"without_prompt",
                    R"({"pooling_mode_mean_tokens": true, "include_prompt": false})",
                    Pooling::kMean, 1}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ModelSpec, LengthComesFromThePositionsWithoutASentenceConfig) {
  const ModelCopy copy("f32");
  copy.Remove(kSentence);
  EXPECT_EQ(Read(copy).base_length, 32);
}

TEST(ModelSpec, LengthMayExceedThePositionsForTheCallerToCap) {
  const ModelCopy copy("f32");
  copy.Write(kSentence, R"({"max_seq_length": 100000})");
  EXPECT_EQ(Read(copy).base_length, 100000);
}

TEST(ModelSpec, ModulesOfCustomCodeGoByTheirClass) {
  const ModelCopy copy("f32");
  copy.Replace(kModules, "sentence_transformers.models.Transformer", "custom_st.Transformer");
  EXPECT_EQ(Read(copy).model_type, "bert");
}

TEST(ModelSpec, PromptsMayBeNull) {
  const ModelCopy copy("f32");
  copy.Write(kPrompts, R"({"prompts": null})");
  EXPECT_THAT(Read(copy).prompts, IsEmpty());
}

TEST(ModelSpec, DenseModulesByFlagAreRefused) {
  const ModelCopy copy("f32");
  EXPECT_THAT(
      test::RefusalOf([&] { Read(copy, {.pooling = std::nullopt, .dense_path = "2_Dense"}); }),
      HasSubstr("--dense-path: expected no dense module, found 2_Dense"));
}

TEST(KnownModelTypes, AreSorted) { EXPECT_THAT(KnownModelTypes(), ElementsAre("bert")); }

struct BadModule {
  const char* name;
  const char* json;
  const char* message;
};

class ModelSpecBadModule : public testing::TestWithParam<BadModule> {};

TEST_P(ModelSpecBadModule, IsNamed) {
  const ModelCopy copy("f32");
  copy.Write(kModules, GetParam().json);
  EXPECT_THAT(test::RefusalOf([&] { Read(copy); }),
              HasSubstr("modules.json" + std::string(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelSpecBadModule,
    testing::Values(
        BadModule{"without_type", R"([{"idx": 0}])", "[0]: expected a member \"type\""},
        BadModule{"dense", R"([{"type": "sentence_transformers.models.Dense"}])",
                  "[0]: type: expected Transformer, Pooling or Normalize, found \"Dense\""},
        BadModule{"splade",
                  R"([{"type": "a.Transformer"}, {"type": "sparse_encoder.models.SpladePooling"}])",
                  "[1]: type: expected modules of a sentence embedding, found \"SpladePooling\" "
                  "(sparse (splade) embeddings are not supported yet)"}),
    [](const auto& row) { return std::string(row.param.name); });

// A file of the model that is replaced as a whole, and what the refusal says.
struct BadFile {
  const char* name;
  const char* file;
  const char* content;
  const char* message;
};

class ModelSpecBadFile : public testing::TestWithParam<BadFile> {};

TEST_P(ModelSpecBadFile, IsNamed) {
  const ModelCopy copy("f32");
  copy.Write(GetParam().file, GetParam().content);
  EXPECT_THAT(test::RefusalOf([&] { Read(copy); }),
              HasSubstr((copy.root() / GetParam().file).string() + ": " + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelSpecBadFile,
    testing::Values(
        BadFile{"config_empty", kConfig, "", "expected valid JSON"},
        BadFile{"config_list", kConfig, "[]", "expected an object, found an array"},
        BadFile{"no_model_type", kConfig, "{}", "expected a member \"model_type\""},
        BadFile{"model_type_number", kConfig, R"({"model_type": 7})",
                "model_type: expected a string, found a number"},
        BadFile{"unknown_model_type", kConfig, R"({"model_type": "star\nfish"})",
                "model_type: expected one of bert, found \"star?fish\" (this architecture is not "
                "supported yet)"},
        BadFile{"no_architectures", kConfig, R"({"model_type": "bert"})",
                "expected a member \"architectures\""},
        BadFile{"architectures_text", kConfig, R"({"model_type": "bert", "architectures": "B"})",
                "architectures: expected an array, found a string"},
        BadFile{"architectures_numbers", kConfig, R"({"model_type": "bert", "architectures": [1]})",
                "architectures[0]: expected a string"},
        BadFile{"classifier", kConfig,
                R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"],
                    "id2label": {"0": "a", "1": "b"}})",
                "architectures: expected a sentence embedding model, found "
                "\"BertForSequenceClassification\" (a classifier) (classifiers and rerankers are "
                "not supported yet)"},
        BadFile{"reranker", kConfig,
                R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"],
                    "id2label": {"0": "a"}})",
                "architectures: expected a sentence embedding model, found "
                "\"BertForSequenceClassification\" (a reranker)"},
        BadFile{"pooling_no_json", kPooling, "{", "expected valid JSON"},
        BadFile{"pooling_none", kPooling, R"({"pooling_mode_mean_tokens": false})",
                "expected pooling by cls, mean or lasttoken, found none of them (choose one with "
                "--pooling)"},
        BadFile{"pooling_max", kPooling, R"({"pooling_mode_max_tokens": true})",
                "expected pooling by cls, mean or lasttoken, found max"},
        BadFile{"pooling_unknown", kPooling, R"({"pooling_mode": "attention"})",
                "expected pooling by cls, mean or lasttoken, found none of them"},
        BadFile{"pooling_text", kPooling, R"({"pooling_mode_mean_tokens": "yes"})",
                "pooling_mode_mean_tokens: expected true or false, found a string"},
        BadFile{"pooling_mode_number", kPooling, R"({"pooling_mode": 1})",
                "pooling_mode: expected a string, found a number"},
        BadFile{"length_missing", kSentence, R"({"do_lower_case": false})",
                "expected a number \"max_seq_length\", found none"},
        BadFile{"length_null", kSentence, R"({"max_seq_length": null})",
                "expected a number \"max_seq_length\", found none"},
        BadFile{"length_zero", kSentence, R"({"max_seq_length": 0})",
                "max_seq_length: expected an integer from 1"},
        BadFile{"length_text", kSentence, R"({"max_seq_length": "64"})",
                "max_seq_length: expected an integer from 1"},
        BadFile{"modules_object", kModules, "{}", "expected an array, found an object"},
        BadFile{"prompts_list", kPrompts, R"({"prompts": ["a"]})",
                "prompts: expected an object, found an array"},
        BadFile{"prompt_number", kPrompts, R"({"prompts": {"query": 1}})",
                "prompts: \"query\": expected a string, found a number"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace embd
