#include "model/weight_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/test_support.h"

namespace embd {
namespace {

using test::FakeTensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class WeightMapTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  Checkpoint Open(const std::vector<FakeTensor>& tensors) const {
    test::WriteSafetensors(path_, tensors);
    return Checkpoint::Open(path_);
  }
  std::string Refusal(const std::vector<FakeTensor>& tensors,
                      const std::vector<TensorRule>& rules) const {
    const Checkpoint checkpoint = Open(tensors);
    return test::RefusalOf([&] { WeightMap::Resolve(checkpoint, rules, {"", "bert."}); });
  }

  const std::filesystem::path path_ =
      ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name() +
      ".safetensors";
};

TensorRule Rule(std::string name, Shape shape, TensorUse use = TensorUse::kRequired,
                std::vector<std::string> aliases = {}) {
  return {.name = std::move(name), .shape = shape, .use = use, .aliases = std::move(aliases)};
}

TEST_F(WeightMapTest, FindsTensorsUnderThePrefixOfTheFirst) {
  const Checkpoint checkpoint = Open(
      {{"bert.a", DType::kF32, {2, 3}}, {"bert.b", DType::kBF16, {4}}, {"b", DType::kF32, {5}}});
  const WeightMap map =
      WeightMap::Resolve(checkpoint, {Rule("a", {2, 3}), Rule("b", {4})}, {"", "bert."});
  EXPECT_EQ(map.Get("a").data, checkpoint.Find("bert.a")->data);
  EXPECT_EQ(map.Get("b").dtype, DType::kBF16);
  EXPECT_THAT(map.unused(), ElementsAre("\"b\" [5]"));
}

TEST_F(WeightMapTest, TakesOtherSpellings) {
  const Checkpoint checkpoint = Open({{"a", DType::kF32, {1}}, {"norm.gamma", DType::kF16, {4}}});
  const WeightMap map = WeightMap::Resolve(
      checkpoint, {Rule("a", {1}), Rule("norm.weight", {4}, TensorUse::kRequired, {"norm.gamma"})},
      {""});
  EXPECT_EQ(map.Get("norm.weight").data, checkpoint.Find("norm.gamma")->data);
  EXPECT_TRUE(map.unused().empty());
}

TEST_F(WeightMapTest, AnOptionalTensorMayBeAbsentButNotWrong) {
  const std::vector<TensorRule> rules = {Rule("a", {1}), Rule("b", {2}, TensorUse::kOptional)};
  const Checkpoint checkpoint = Open({{"a", DType::kF32, {1}}});
  EXPECT_EQ(WeightMap::Resolve(checkpoint, rules, {""}).Get("b").data, nullptr);
  EXPECT_THAT(Refusal({{"a", DType::kF32, {1}}, {"b", DType::kF32, {3}}}, rules),
              HasSubstr("b of shape [3] instead of [2]"));
}

TEST_F(WeightMapTest, IgnoredTensorsAreNotReported) {
  const Checkpoint checkpoint = Open({{"bert.a", DType::kF32, {1}},
                                      {"bert.ids", DType::kI64, {1, 4}},
                                      {"bert.ids_of_old", DType::kI64, {1, 4}},
                                      {"bert.pooler.dense.bias", DType::kF32, {1}},
                                      {"cls.predictions.bias", DType::kF32, {9}}});
  const WeightMap map = WeightMap::Resolve(
      checkpoint,
      {Rule("a", {1}), Rule("ids", {}, TensorUse::kIgnored),
       Rule("pooler.*", {}, TensorUse::kIgnored), Rule("cls.*", {}, TensorUse::kIgnored)},
      {"", "bert."});
  EXPECT_EQ(map.UnusedWarning(),
            "1 tensors of the checkpoint are not used by this model: \"bert.ids_of_old\" [1, 4]");
}

TEST_F(WeightMapTest, NoUnusedTensorIsNoWarning) {
  const Checkpoint checkpoint = Open({{"a", DType::kF32, {1}}});
  EXPECT_EQ(WeightMap::Resolve(checkpoint, {Rule("a", {1})}, {""}).UnusedWarning(), "");
}

TEST_F(WeightMapTest, NamesEveryProblemAtOnce) {
  EXPECT_EQ(Refusal({{"bert.a", DType::kF32, {1}},
                     {"bert.c", DType::kF32, {2, 3}},
                     {"bert.d", DType::kI64, {4}}},
                    {Rule("a", {1}), Rule("b", {2}), Rule("c", {3, 2}), Rule("d", {4})}),
            path_.string() +
                ": expected the tensors of the model that config.json describes, found no bert.b, "
                "bert.c of shape [2, 3] instead of [3, 2], bert.d of type I64 instead of F32, F16 "
                "or BF16 (the weights may be those of another model)");
}

TEST_F(WeightMapTest, ARankTooManyIsAnotherShape) {
  EXPECT_THAT(Refusal({{"a", DType::kF32, {1, 2}}}, {Rule("a", {2})}),
              HasSubstr("a of shape [1, 2] instead of [2]"));
}

TEST_F(WeightMapTest, AForeignCheckpointMakesAShortMessage) {
  std::vector<TensorRule> rules;
  for (int i = 0; i < 100; ++i) rules.push_back(Rule("t" + std::to_string(i), {1}));
  EXPECT_THAT(
      Refusal({{"gpt.w", DType::kF32, {1}}}, rules),
      HasSubstr("found no t0, no t1, no t2, no t3, no t4, no t5, no t6, no t7 and 92 more"));
}

TEST_F(WeightMapTest, UnusedNamesCannotBreakTheLine) {
  const Checkpoint checkpoint = Open({{"a", DType::kF32, {1}}, {"x\\ny", DType::kF32, {1}}});
  EXPECT_THAT(WeightMap::Resolve(checkpoint, {Rule("a", {1})}, {""}).unused(),
              ElementsAre("\"x?y\" [1]"));
}

TEST_F(WeightMapTest, AskingForWhatNoRuleHasIsABug) {
  const Checkpoint checkpoint = Open({{"a", DType::kF32, {1}}});
  const WeightMap map = WeightMap::Resolve(checkpoint, {Rule("a", {1})}, {""});
  EXPECT_DEATH(map.Get("b"), "");
}

}  // namespace
}  // namespace embd
