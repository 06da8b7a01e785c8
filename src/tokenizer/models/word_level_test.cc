#include "tokenizer/models/word_level.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/load_error.h"
#include "tokenizer/models/model_scratch.h"

namespace embd {
namespace {

std::unique_ptr<TokenModel> LoadWordLevel(const std::string& members) {
  const JsonDocument document = JsonDocument::Parse("{" + members + "}", "test");
  return WordLevel::FromJson(document.root());
}

TEST(WordLevel, AWordIsOneToken) {
  const auto model = LoadWordLevel(R"("vocab":{"a":0,"b":7,"?":2},"unk_token":"?")");
  const std::string text = "abxba";
  const Piece words[] = {{0, 1}, {1, 2}, {2, 4}, {4, 5}};
  ModelScratch scratch;
  std::vector<Token> tokens;
  ASSERT_TRUE(model->Tokenize(text, words, scratch, tokens));
  EXPECT_EQ(tokens, (std::vector<Token>{{0, {0, 1}}, {7, {1, 2}}, {2, {2, 4}}, {0, {4, 5}}}));
  EXPECT_EQ(model->TokenToId("b"), 7u);
  EXPECT_EQ(model->TokenToId("ab"), std::nullopt);
}

TEST(WordLevel, WithoutUnknownTokenUnknownWordsAreAnError) {
  const auto model = LoadWordLevel(R"("vocab":{"a":0},"unk_token":"?")");
  const Piece word{0, 1};
  ModelScratch scratch;
  std::vector<Token> tokens;
  EXPECT_TRUE(model->Tokenize("a", {&word, 1}, scratch, tokens));
  const Result<void> done = model->Tokenize("b", {&word, 1}, scratch, tokens);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kTokenizer);
}

class WordLevelRefuses : public ::testing::TestWithParam<std::string> {};

TEST_P(WordLevelRefuses, Malformed) { EXPECT_THROW(LoadWordLevel(GetParam()), LoadError); }

INSTANTIATE_TEST_SUITE_P(Table, WordLevelRefuses,
                         ::testing::Values(R"("unk_token":"?")", R"("vocab":[],"unk_token":"?")",
                                           R"("vocab":{"a":-1},"unk_token":"a")",
                                           R"("vocab":{"a":"0"},"unk_token":"a")",
                                           R"("vocab":{"a":4294967296},"unk_token":"a")",
                                           R"("vocab":{"a":0},"unk_token":3)"));

}  // namespace
}  // namespace embd
