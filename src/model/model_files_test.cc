#include "model/model_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/test_support.h"

namespace embd {
namespace {

namespace fs = std::filesystem;
using test::ModelCopy;
using ::testing::HasSubstr;

std::string Refusal(const fs::path& root) {
  return test::RefusalOf([&] { ModelFiles::FromDirectory(root); });
}

TEST(ModelFiles, FindsEveryPart) {
  const ModelCopy copy("f32");
  copy.Write("config_sentence_transformers.json", "{}");
  const ModelFiles files = ModelFiles::FromDirectory(copy.root());
  EXPECT_EQ(files.root, copy.root());
  EXPECT_EQ(files.config, copy.root() / "config.json");
  EXPECT_EQ(files.tokenizer, copy.root() / "tokenizer.json");
  EXPECT_EQ(files.weights, copy.root() / "model.safetensors");
  EXPECT_EQ(files.modules, copy.root() / "modules.json");
  EXPECT_EQ(files.pooling, copy.root() / "1_Pooling" / "config.json");
  EXPECT_EQ(files.sentence_config, copy.root() / "sentence_bert_config.json");
  EXPECT_EQ(files.sentence_transformers, copy.root() / "config_sentence_transformers.json");
}

TEST(ModelFiles, OptionalPartsMayBeAbsent) {
  const ModelCopy copy("f32");
  for (const char* file : {"modules.json", "1_Pooling", "sentence_bert_config.json"}) {
    copy.Remove(file);
  }
  const ModelFiles files = ModelFiles::FromDirectory(copy.root());
  EXPECT_TRUE(files.modules.empty());
  EXPECT_TRUE(files.pooling.empty());
  EXPECT_TRUE(files.sentence_config.empty());
  EXPECT_TRUE(files.sentence_transformers.empty());
}

TEST(ModelFiles, TakesAKinOfTheSentenceConfig) {
  const ModelCopy copy("f32");
  copy.Remove("sentence_bert_config.json");
  copy.Write("sentence_xlnet_config.json", "{}");
  copy.Write("sentence_roberta_config.json", "{}");
  EXPECT_EQ(ModelFiles::FromDirectory(copy.root()).sentence_config.filename(),
            "sentence_roberta_config.json");
}

TEST(ModelFiles, OneWeightsFileGoesBeforeAnIndex) {
  const ModelCopy copy("sharded");
  EXPECT_EQ(ModelFiles::FromDirectory(copy.root()).weights.filename(),
            "model.safetensors.index.json");
  copy.Write("model.safetensors", "");
  EXPECT_EQ(ModelFiles::FromDirectory(copy.root()).weights.filename(), "model.safetensors");
}

TEST(ModelFiles, FollowsTheLinksOfACache) {
  const ModelCopy copy("f32");
  fs::rename(copy.root() / "config.json", copy.root() / "blob");
  fs::create_symlink("blob", copy.root() / "config.json");
  EXPECT_EQ(ModelFiles::FromDirectory(copy.root()).config, copy.root() / "config.json");
}

TEST(ModelFiles, NamesTheFirstRequiredFileThatIsMissing) {
  for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"}) {
    const ModelCopy copy("f32");
    copy.Remove(file);
    EXPECT_THAT(Refusal(copy.root()), HasSubstr((copy.root() / file).string() + ": expected the "));
  }
}

TEST(ModelFiles, SaysThatOtherWeightsAreNotRead) {
  const ModelCopy copy("f32");
  copy.Remove("model.safetensors");
  copy.Write("pytorch_model.bin", "");
  EXPECT_THAT(Refusal(copy.root()), HasSubstr("(pytorch_model.bin is there but is not read"));
}

TEST(ModelFiles, AFolderIsNoFile) {
  for (const char* file : {"config.json", "model.safetensors", "modules.json"}) {
    const ModelCopy copy("f32");
    copy.Remove(file);
    fs::create_directory(copy.root() / file);
    EXPECT_THAT(Refusal(copy.root()),
                HasSubstr(std::string(file) + ": expected a file, found a folder"));
  }
}

TEST(ModelFiles, ALinkToNothingIsAnUnfinishedDownload) {
  for (const char* file : {"config.json", "model.safetensors", "1_Pooling/config.json"}) {
    const ModelCopy copy("f32");
    copy.Remove(file);
    fs::create_symlink("../../blobs/0123", copy.root() / file);
    EXPECT_THAT(Refusal(copy.root()),
                HasSubstr(std::string(file) +
                          ": expected a file, found a link to ../../blobs/0123, which does not "
                          "exist (the download may be unfinished)"));
  }
}

TEST(ModelFiles, AFolderThatIsNotThereIsNamed) {
  EXPECT_THAT(Refusal("/nowhere/at/all"), HasSubstr("/nowhere/at/all: expected a model's folder"));
  const ModelCopy copy("f32");
  EXPECT_THAT(Refusal(copy.root() / "config.json"), HasSubstr("expected a model's folder"));
}

}  // namespace
}  // namespace embd
