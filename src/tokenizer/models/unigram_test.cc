#include "tokenizer/models/unigram.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/load_error.h"
#include "tokenizer/test_components.h"

namespace embd {
namespace {

std::unique_ptr<TokenModel> LoadUnigram(const std::string& members) {
  const JsonDocument document = JsonDocument::Parse("{" + members + "}", "test");
  return Unigram::FromJson(document.root());
}

const std::string kPieces =
    R"("vocab":[["<unk>",0.0],["a",0.0],["b",0.0],["c",0.0],["d",0.0],["cd",1.0],["ab",2.0],["abc",5.0],["abcd",10.0]])";

TEST(Unigram, TheBestPathWins) {
  const auto model = LoadUnigram(kPieces + R"(,"unk_id":0)");
  EXPECT_EQ(WordTokens(*model, "abcdacdxx"),
            (std::vector<Token>{{8, {1, 5}}, {1, {5, 6}}, {5, {6, 8}}, {0, {8, 10}}}));
  EXPECT_EQ(WordTokens(*model, "abcc"), (std::vector<Token>{{7, {1, 4}}, {3, {4, 5}}}));
}

TEST(Unigram, UnknownCharactersFallBackToBytes) {
  const auto model = LoadUnigram(
      R"("vocab":[["<unk>",0.0],["a",0.0],["<0xC3>",0.0],["<0xA9>",0.0]],"unk_id":0,"byte_fallback":true)");
  EXPECT_EQ(WordTokens(*model, "\u00e9a\u00e8"),
            (std::vector<Token>{{2, {1, 3}}, {3, {1, 3}}, {1, {3, 4}}, {0, {4, 6}}}));
}

TEST(Unigram, AWordSeenBeforeHasTheSameTokens) {
  const auto model = LoadUnigram(
      R"("vocab":[["<unk>",0.0],["a",0.0],["<0xC3>",0.0],["<0xA9>",0.0]],"unk_id":0,"byte_fallback":true)");
  const std::string text = "a\u00e9aa\u00e9a";
  const Piece words[] = {{0, 4}, {4, 8}};
  ModelScratch scratch;
  std::vector<Token> tokens;
  ASSERT_TRUE(model->Tokenize(text, words, scratch, tokens));
  EXPECT_EQ(tokens, (std::vector<Token>{{1, {0, 1}},
                                        {2, {1, 3}},
                                        {3, {1, 3}},
                                        {1, {3, 4}},
                                        {1, {4, 5}},
                                        {2, {5, 7}},
                                        {3, {5, 7}},
                                        {1, {7, 8}}}));
}

TEST(Unigram, OfEqualTokensTheLastCounts) {
  const auto model = LoadUnigram(R"("vocab":[["a",0.0],["b",0.0],["a",-1.0]])");
  EXPECT_EQ(WordTokens(*model, "ab"), (std::vector<Token>{{2, {1, 2}}, {1, {2, 3}}}));
}

TEST(Unigram, WithoutUnknownTokenUnknownCharactersAreAnError) {
  const auto model = LoadUnigram(R"("vocab":[["a",0.0]])");
  const Piece piece{0, 1};
  ModelScratch scratch;
  std::vector<Token> tokens;
  EXPECT_FALSE(model->Tokenize("x", {&piece, 1}, scratch, tokens));
}

TEST(Unigram, MillionsOfOneLetterAreNoProblem) {
  const auto model = LoadUnigram(R"("vocab":[["<unk>",0.0],["a",-1.0],["aaaa",-2.0]],"unk_id":0)");
  EXPECT_EQ(WordTokens(*model, std::string(1 << 20, 'a')).size(), std::size_t{1} << 18);
}

class UnigramRefuses : public ::testing::TestWithParam<std::string> {};

TEST_P(UnigramRefuses, Malformed) { EXPECT_THROW(LoadUnigram(GetParam()), LoadError); }

INSTANTIATE_TEST_SUITE_P(Table, UnigramRefuses,
                         ::testing::Values(R"("unk_id":0)", R"("vocab":{})", R"("vocab":[3])",
                                           R"("vocab":[["a"]])", R"("vocab":[["a","b"]])",
                                           R"("vocab":[[1,2]])", R"("vocab":[["a",1]],"unk_id":1)",
                                           R"("vocab":[["a",1]],"unk_id":-1)",
                                           R"("vocab":[],"unk_id":0)"));

}  // namespace
}  // namespace embd
