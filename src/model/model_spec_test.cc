#include "model/model_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

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

class ModelSpecPooling : public ::testing::TestWithParam<PoolingCase> {};

TEST_P(ModelSpecPooling, IsUnderstood) {
  const ModelCopy copy("f32");
  copy.Write(kPooling, GetParam().json);
  const ModelSpec spec = Read(copy);
  EXPECT_EQ(spec.pooling, GetParam().pooling);
  EXPECT_EQ(spec.warnings.size(), static_cast<std::size_t>(GetParam().warnings));
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelSpecPooling,
    ::testing::Values(
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

TEST(KnownModelTypes, AreSorted) {
  EXPECT_THAT(KnownModelTypes(), ElementsAre("bert", "camembert", "roberta", "xlm-roberta"));
}

// What --pooling, the architectures and the labels make of a model.
struct TaskCase {
  const char* name;
  const char* members;  // of config.json
  std::optional<Pooling> pooling;
  ModelTask task;
  std::vector<std::string> labels;
  const char* warning = "";
};

class ModelSpecTask : public ::testing::TestWithParam<TaskCase> {
 protected:
  static std::string Config(const char* members) {
    return R"({"model_type": "bert", "max_position_embeddings": 32, )" + std::string(members) + "}";
  }
};

TEST_P(ModelSpecTask, IsTold) {
  const ModelCopy copy("f32");
  copy.Write(kConfig, Config(GetParam().members));
  const ModelSpec spec = Read(copy, {.pooling = GetParam().pooling, .dense_path = {}});
  EXPECT_EQ(spec.task, GetParam().task);
  EXPECT_EQ(spec.labels, GetParam().labels);
  if (*GetParam().warning == 0) {
    EXPECT_THAT(spec.warnings, IsEmpty());
  } else {
    EXPECT_THAT(spec.warnings, ElementsAre(HasSubstr(GetParam().warning)));
  }
}

constexpr const char* kOneLabel =
    R"("architectures": ["XForSequenceClassification"], "id2label": {"0": "yes"},
       "label2id": {"yes": 0})";

INSTANTIATE_TEST_SUITE_P(
    All, ModelSpecTask,
    ::testing::Values(
        TaskCase{"reranker", kOneLabel, std::nullopt, ModelTask::kReranker, {"yes"}},
        TaskCase{"classifier",
                 R"("architectures": ["XForSequenceClassification"],
                    "id2label": {"1": "b", "0": "a", "2": "a"}, "label2id": {"a": 2, "b": 1})",
                 std::nullopt,
                 ModelTask::kClassifier,
                 {"a", "b", "a"}},
        TaskCase{"of_tokens",
                 R"("architectures": ["XForTokenClassification"], "id2label": {"0": "a", "1": "b"},
                    "label2id": {"a": 0, "b": 1})",
                 std::nullopt,
                 ModelTask::kClassifier,
                 {"a", "b"}},
        TaskCase{"pooling_has_no_effect",
                 kOneLabel,
                 Pooling::kMean,
                 ModelTask::kReranker,
                 {"yes"},
                 "--pooling has no effect: \"XForSequenceClassification\" is a reranker"},
        TaskCase{"splade_has_no_effect",
                 kOneLabel,
                 Pooling::kSplade,
                 ModelTask::kReranker,
                 {"yes"},
                 "--pooling has no effect"},
        TaskCase{"names_disagree",
                 R"("architectures": ["XForSequenceClassification"], "id2label": {"0": "yes"},
                    "label2id": {"LABEL_0": 0})",
                 std::nullopt,
                 ModelTask::kReranker,
                 {"yes"},
                 "label2id disagrees with id2label, which is used"},
        TaskCase{"masked_lm",
                 R"("architectures": ["XForMaskedLM"])",
                 std::nullopt,
                 ModelTask::kEmbedding,
                 {}},
        TaskCase{"first_counts",
                 R"("architectures": ["XForMaskedLM", "XForSequenceClassification"])",
                 Pooling::kSplade,
                 ModelTask::kEmbedding,
                 {}},
        TaskCase{"by_mistake",
                 R"("architectures": ["NewForTokenClassification"])",
                 std::nullopt,
                 ModelTask::kEmbedding,
                 {},
                 "without labels is taken for an embedding model"}),
    [](const auto& row) { return std::string(row.param.name); });

void WriteSplade(const ModelCopy& copy, const std::string& pooling) {
  copy.Replace(kConfig, "BertModel", "BertForMaskedLM");
  copy.Write(kModules, R"([{"type": "sentence_transformers.sparse_encoder.models.MLMTransformer"},
      {"type": "sentence_transformers.sparse_encoder.models.SpladePooling",
       "path": "1_SpladePooling"}])");
  if (!pooling.empty()) copy.Write("1_SpladePooling/config.json", pooling);
}

TEST(ModelSpecSplade, IsChosenByTheOperator) {
  const ModelCopy copy("f32");
  copy.Replace(kConfig, "BertModel", "BertForMaskedLM");
  EXPECT_EQ(Read(copy).pooling, Pooling::kMean);
  EXPECT_EQ(Read(copy, {.pooling = Pooling::kSplade, .dense_path = {}}).pooling, Pooling::kSplade);
}

TEST(ModelSpecSplade, NeedsAMaskedLanguageModel) {
  const ModelCopy copy("f32");
  EXPECT_THAT(
      test::RefusalOf([&] { Read(copy, {.pooling = Pooling::kSplade, .dense_path = {}}); }),
      HasSubstr("config.json: architectures: expected a masked-language model (\"...MaskedLM\"), "
                "whose head splade pooling needs, found \"BertModel\""));
}

TEST(ModelSpecSplade, IsKnownFromTheModules) {
  for (const char* pooling :
       {"", "{}", R"({"pooling_strategy": "max", "activation_function": "relu"})"}) {
    const ModelCopy copy("f32");
    WriteSplade(copy, pooling);
    EXPECT_EQ(Read(copy).pooling, Pooling::kSplade) << pooling;
    EXPECT_EQ(Read(copy, {.pooling = Pooling::kCls, .dense_path = {}}).pooling, Pooling::kCls);
  }
}

TEST(ModelSpecSplade, OfAnotherFormIsRefusedUnlessTheOperatorWantsThisOne) {
  for (const char* pooling :
       {R"({"pooling_strategy": "sum"})", R"({"activation_function": "log1p_relu"})"}) {
    const ModelCopy copy("f32");
    WriteSplade(copy, pooling);
    EXPECT_THAT(test::RefusalOf([&] { Read(copy); }), HasSubstr("1_SpladePooling/config.json: "))
        << pooling;
    EXPECT_EQ(Read(copy, {.pooling = Pooling::kSplade, .dense_path = {}}).pooling,
              Pooling::kSplade);
  }
}

// In the RoBERTa family positions begin after the padding id, which is 1 where none is named.
TEST(ModelSpec, PositionsBeginAfterThePaddingId) {
  const ModelCopy copy("f32");
  copy.Remove(kSentence);
  copy.Replace(kConfig, "\"bert\"", "\"roberta\"");
  EXPECT_EQ(Read(copy).position_offset, 1);  // the file says 0
  EXPECT_EQ(Read(copy).base_length, 31);
  copy.Replace(kConfig, "\"pad_token_id\": 0,", "");
  EXPECT_EQ(Read(copy).position_offset, 2);
  EXPECT_EQ(Read(copy).base_length, 30);
}

struct BadModule {
  const char* name;
  const char* json;
  const char* message;
};

class ModelSpecBadModule : public ::testing::TestWithParam<BadModule> {};

TEST_P(ModelSpecBadModule, IsNamed) {
  const ModelCopy copy("f32");
  copy.Write(kModules, GetParam().json);
  EXPECT_THAT(test::RefusalOf([&] { Read(copy); }),
              HasSubstr("modules.json" + std::string(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelSpecBadModule,
    ::testing::Values(
        BadModule{"without_type", R"([{"idx": 0}])", "[0]: expected a member \"type\""},
        BadModule{"dense", R"([{"type": "sentence_transformers.models.Dense"}])",
                  "[0]: type: expected Transformer, Pooling or Normalize, found \"Dense\""}),
    [](const auto& row) { return std::string(row.param.name); });

// A config.json of a classifier with these members besides.
std::string Classifier(const std::string& members) {
  return R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"],
             "max_position_embeddings": 32, )" +
         members + "}";
}
std::string Labels(const std::string& id2label) {
  return Classifier("\"label2id\": {}, \"id2label\": " + id2label);
}

// A file of the model that is replaced as a whole, and what the refusal says.
struct BadFile {
  const char* name;
  const char* file;
  std::string content;
  const char* message;
};

class ModelSpecBadFile : public ::testing::TestWithParam<BadFile> {};

TEST_P(ModelSpecBadFile, IsNamed) {
  const ModelCopy copy("f32");
  copy.Write(GetParam().file, GetParam().content);
  EXPECT_THAT(test::RefusalOf([&] { Read(copy); }),
              HasSubstr((copy.root() / GetParam().file).string() + ": " + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelSpecBadFile,
    ::testing::Values(
        BadFile{"config_empty", kConfig, "", "expected valid JSON"},
        BadFile{"config_list", kConfig, "[]", "expected an object, found an array"},
        BadFile{"no_model_type", kConfig, "{}", "expected a member \"model_type\""},
        BadFile{"model_type_number", kConfig, R"({"model_type": 7})",
                "model_type: expected a string, found a number"},
        BadFile{"unknown_model_type", kConfig, R"({"model_type": "star\nfish"})",
                "model_type: expected one of bert, camembert, roberta, xlm-roberta, found "
                "\"star?fish\" (this architecture is not "
                "supported yet)"},
        BadFile{"no_architectures", kConfig, R"({"model_type": "bert"})",
                "expected a member \"architectures\""},
        BadFile{"architectures_text", kConfig, R"({"model_type": "bert", "architectures": "B"})",
                "architectures: expected an array, found a string"},
        BadFile{"architectures_numbers", kConfig, R"({"model_type": "bert", "architectures": [1]})",
                "architectures[0]: expected a string"},
        BadFile{"no_id2label", kConfig, Classifier("\"label2id\": {}"),
                "expected a member \"id2label\", as a classifier has, found none (transformers "
                "leaves out the names of two labels that nobody named: add them to the file)"},
        BadFile{"no_label2id", kConfig, Classifier("\"id2label\": {\"0\": \"a\"}"),
                "expected a member \"label2id\", as a classifier has, found none"},
        BadFile{"no_labels", kConfig, Labels("{}"),
                "id2label: expected from 1 to 1048576 labels, found 0"},
        BadFile{"labels_list", kConfig, Labels("[\"a\"]"),
                "id2label: expected an object, found an array"},
        BadFile{"label_lacks", kConfig, Labels("{\"0\": \"a\", \"2\": \"b\"}"),
                "id2label: expected 2 labels, one for each index from 0 to 1, found \"2\""},
        BadFile{"label_twice", kConfig, Labels("{\"0\": \"a\", \"0\": \"b\"}"),
                "id2label: expected 2 labels, one for each index from 0 to 1, found 0 twice"},
        BadFile{"label_huge", kConfig, Labels("{\"18446744073709551616\": \"a\"}"),
                "id2label: expected 1 labels, one for each index from 0 to 0, found "
                "\"18446744073709551616\""},
        BadFile{"label_zeros", kConfig, Labels("{\"00\": \"a\"}"), "id2label: expected 1 labels"},
        BadFile{"label_negative", kConfig, Labels("{\"-1\": \"a\"}"),
                "id2label: expected 1 labels"},
        BadFile{"label_word", kConfig, Labels("{\"one\": \"a\"}"), "id2label: expected 1 labels"},
        BadFile{"label_number", kConfig, Labels("{\"0\": 7}"),
                "id2label: \"0\": expected a string, found a number"},
        BadFile{"label2id_list", kConfig,
                Classifier("\"id2label\": {\"0\": \"a\"}, \"label2id\": []"),
                "label2id: expected an object, found an array"},
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
