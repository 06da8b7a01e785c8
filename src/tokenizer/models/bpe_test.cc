#include "tokenizer/models/bpe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/load_error.h"
#include "tokenizer/models/model_scratch.h"

namespace embd {
namespace {

std::unique_ptr<TokenModel> LoadBpe(const std::string& members) {
  const JsonDocument document = JsonDocument::Parse("{" + members + "}", "test");
  return Bpe::FromJson(document.root());
}

std::vector<Token> TokenizeTwice(const TokenModel& model, const std::string& word) {
  const Piece piece{1, static_cast<std::uint32_t>(word.size() + 1)};
  ModelScratch scratch;
  std::vector<Token> tokens;
  // The second time the word cache answers.
  for (int i = 0; i < 2; ++i) {
    const std::vector<Token> before = tokens;
    tokens.clear();
    EXPECT_TRUE(model.Tokenize(">" + word + "<", {&piece, 1}, scratch, tokens));
    if (i == 1) {
      EXPECT_EQ(tokens, before);
    }
  }
  return tokens;
}

const std::string kLetters =
    R"("vocab":{"a":0,"b":1,"c":2,"ab":3,"bc":4,"abc":5,"<unk>":6,"<0xC3>":7,"<0xA9>":8})";
const std::string kMerges = R"("merges":[["b","c"],["a","b"],["ab","c"],["a","bc"]])";

TEST(Bpe, LowestRankFirstThenLeftmost) {
  const auto model = LoadBpe(kLetters + "," + kMerges);
  EXPECT_EQ(TokenizeTwice(*model, "abc"), (std::vector<Token>{{5, {1, 4}}}));
  EXPECT_EQ(TokenizeTwice(*model, "abab"), (std::vector<Token>{{3, {1, 3}}, {3, {3, 5}}}));
  EXPECT_EQ(TokenizeTwice(*model, "cba"),
            (std::vector<Token>{{2, {1, 2}}, {1, {2, 3}}, {0, {3, 4}}}));
}

TEST(Bpe, BothSpellingsOfMergesMeanTheSame) {
  const auto model = LoadBpe(kLetters + R"(,"merges":["#version: 0.2","b c","a b","ab c","a bc"])");
  EXPECT_EQ(TokenizeTwice(*model, "abc"), (std::vector<Token>{{5, {1, 4}}}));
}

TEST(Bpe, LongWordsAreMergedLikeShortOnes) {
  const auto model = LoadBpe(kLetters + "," + kMerges);
  std::string word;
  std::vector<Token> expected;
  for (std::uint32_t i = 0; i < 40; ++i) {
    word += "abcab";
    const std::uint32_t begin = 1 + 5 * i;
    expected.push_back({5, {begin, begin + 3}});
    expected.push_back({3, {begin + 3, begin + 5}});
  }
  EXPECT_EQ(TokenizeTwice(*model, word), expected);
}

TEST(Bpe, UnknownCharacters) {
  const std::string base = kLetters + "," + kMerges;
  EXPECT_EQ(TokenizeTwice(*LoadBpe(base), "axyb"), (std::vector<Token>{{3, {1, 3}}}));  // dropped
  EXPECT_EQ(TokenizeTwice(*LoadBpe(base + R"(,"unk_token":"<unk>")"), "axyb"),
            (std::vector<Token>{{0, {1, 2}}, {6, {2, 3}}, {6, {3, 4}}, {1, {4, 5}}}));
  EXPECT_EQ(TokenizeTwice(*LoadBpe(base + R"(,"unk_token":"<unk>","fuse_unk":true)"), "axyb"),
            (std::vector<Token>{{0, {1, 2}}, {6, {2, 4}}, {1, {4, 5}}}));
  EXPECT_EQ(
      TokenizeTwice(*LoadBpe(base + R"(,"unk_token":"<unk>","byte_fallback":true)"), "\u00e9x"),
      (std::vector<Token>{{7, {1, 2}}, {8, {2, 3}}, {6, {3, 4}}}));
}

TEST(Bpe, AMissingUnknownTokenIsAnError) {
  const auto model = LoadBpe(kLetters + "," + kMerges + R"(,"unk_token":"nope")");
  const Piece piece{0, 1};
  ModelScratch scratch;
  std::vector<Token> tokens;
  EXPECT_FALSE(model->Tokenize("x", {&piece, 1}, scratch, tokens));
  EXPECT_TRUE(model->Tokenize("a", {&piece, 1}, scratch, tokens));
}

TEST(Bpe, IgnoresMergesForWholeWords) {
  const std::string json = R"("vocab":{"a":0,"b":1,"ab":2,"ba":3},"merges":[])";
  EXPECT_EQ(TokenizeTwice(*LoadBpe(json), "ab").size(), 2u);
  EXPECT_EQ(TokenizeTwice(*LoadBpe(json + R"(,"ignore_merges":true)"), "ab"),
            (std::vector<Token>{{2, {1, 3}}}));
}

TEST(Bpe, Affixes) {
  const auto model = LoadBpe(R"("vocab":{"a":0,"##b":1,"##b</w>":2,"ab</w>":3,"a</w>":4},
      "merges":[["a","##b</w>"]],"continuing_subword_prefix":"##","end_of_word_suffix":"</w>")");
  EXPECT_EQ(TokenizeTwice(*model, "ab"), (std::vector<Token>{{3, {1, 3}}}));
  EXPECT_EQ(TokenizeTwice(*model, "a"), (std::vector<Token>{{4, {1, 2}}}));
  EXPECT_EQ(TokenizeTwice(*model, "abb"),
            (std::vector<Token>{{0, {1, 2}}, {1, {2, 3}}, {2, {3, 4}}}));
}

TEST(Bpe, ReadsBytesOnlyWhenItHasAllOfThem) {
  EXPECT_FALSE(LoadBpe(kLetters + "," + kMerges)->ReadBytes());
}

TEST(Bpe, ScratchServesSeveralModels) {
  const auto first = LoadBpe(R"("vocab":{"a":0},"merges":[])");
  const auto second = LoadBpe(R"("vocab":{"a":1},"merges":[])");
  const Piece piece{0, 1};
  ModelScratch scratch;
  std::vector<Token> tokens;
  EXPECT_TRUE(first->Tokenize("a", {&piece, 1}, scratch, tokens));
  EXPECT_TRUE(second->Tokenize("a", {&piece, 1}, scratch, tokens));
  EXPECT_EQ(tokens, (std::vector<Token>{{0, {0, 1}}, {1, {0, 1}}}));
}

class BpeRefuses : public ::testing::TestWithParam<std::string> {};

TEST_P(BpeRefuses, Malformed) { EXPECT_THROW(LoadBpe(GetParam()), LoadError); }

INSTANTIATE_TEST_SUITE_P(
    Table, BpeRefuses,
    ::testing::Values(
        R"("vocab":{"a":0})", R"("merges":[])", R"("vocab":{"a":0},"merges":{})",
        R"("vocab":{"a":0},"merges":[["a","b"]])", R"("vocab":{"a":0,"b":1},"merges":[["a","b"]])",
        R"("vocab":{"a":0,"aa":1},"merges":[["a","a"],"a a"])",
        R"("vocab":{"a":0,"aa":1},"merges":[["a","a","a"]])",
        R"("vocab":{"a":0,"aa":1},"merges":["aa"])", R"("vocab":{"a":0,"aa":1},"merges":["a a a"])",
        R"("vocab":{"a":0,"aa":1},"merges":[7])", R"("vocab":{"a":0},"merges":[],"dropout":2)",
        R"("vocab":{"a":0},"merges":[],"unk_token":3)", R"("vocab":{"a":0,"a":1},"merges":[])",
        R"("vocab":{"a":0,"aa":1},"merges":[["a","a"]],"continuing_subword_prefix":"##")"));

}  // namespace
}  // namespace embd
