#include "tokenizer/models/word_piece.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/load_error.h"
#include "tokenizer/test_components.h"

namespace embd {
namespace {

std::unique_ptr<TokenModel> LoadWordPiece(const std::string& json) {
  const JsonDocument document = JsonDocument::Parse(json, "test");
  return WordPiece::FromJson(document.root());
}

std::unique_ptr<TokenModel> UsualWordPiece(int max_chars = 100) {
  return LoadWordPiece(
      R"({"unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":)" +
      std::to_string(max_chars) +
      R"(,"vocab":{"[UNK]":0,"un":1,"##aff":2,"##able":3,"a":4,"##a":5,"##ab":6,"u":7,
              "\u4f60":8,"##\u597d":9,"##":10,"":11}})");
}

struct WordPieceCase {
  const char* name;
  std::string word;
  std::vector<Token> tokens;
};

class WordPieceTable : public ::testing::TestWithParam<WordPieceCase> {};

TEST_P(WordPieceTable, Tokenizes) {
  EXPECT_EQ(WordTokens(*UsualWordPiece(), GetParam().word), GetParam().tokens);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WordPieceTable,
    ::testing::Values(
        WordPieceCase{"longest_first", "unaffable", {{1, {1, 3}}, {2, {3, 6}}, {3, {6, 10}}}},
        WordPieceCase{"one_letter", "a", {{4, {1, 2}}}},
        WordPieceCase{"greedy_gets_stuck", "unabx", {{0, {1, 6}}}},
        WordPieceCase{"no_first", "xa", {{0, {1, 3}}}},
        WordPieceCase{"prefix_is_spelt_out", "##a", {{5, {1, 4}}}},
        WordPieceCase{"two_bytes_of_three", "\u4f60\u597d", {{8, {1, 4}}, {9, {4, 7}}}},
        WordPieceCase{"same_first_byte", "\u4f61", {{0, {1, 4}}}}),
    [](const auto& test) { return test.param.name; });

TEST(WordPiece, CountsCharactersNotBytes) {
  const std::unique_ptr<TokenModel> model = UsualWordPiece(/*max_chars=*/2);
  EXPECT_EQ(WordTokens(*model, "\u4f60\u597d").size(), 2u);
  EXPECT_EQ(WordTokens(*model, "unaa"), (std::vector<Token>{{0, {1, 5}}}));
}

TEST(WordPiece, AnEmptyPrefixContinuesWithAnyToken) {
  const std::unique_ptr<TokenModel> model = LoadWordPiece(
      R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":9,
          "vocab":{"u":0,"ab":1,"c":2}})");
  EXPECT_EQ(WordTokens(*model, "abcab"),
            (std::vector<Token>{{1, {1, 3}}, {2, {3, 4}}, {1, {4, 6}}}));
}

TEST(WordPiece, KnowsItsTokens) {
  const std::unique_ptr<TokenModel> model = UsualWordPiece();
  EXPECT_EQ(model->TokenToId("##able"), 3u);
  EXPECT_EQ(model->TokenToId("able"), std::nullopt);
  EXPECT_EQ(model->vocabulary().Text(2), "##aff");
  EXPECT_EQ(model->vocabulary().Text(99), "");
}

class WordPieceRefuses : public ::testing::TestWithParam<std::string> {};

TEST_P(WordPieceRefuses, Malformed) { EXPECT_THROW(LoadWordPiece(GetParam()), LoadError); }

INSTANTIATE_TEST_SUITE_P(
    Table, WordPieceRefuses,
    ::testing::Values(
        R"({"continuing_subword_prefix":"##","max_input_chars_per_word":1,"vocab":{"u":0}})",
        R"({"unk_token":"u","max_input_chars_per_word":1,"vocab":{"u":0}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":-1,"vocab":{"u":0}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":[]})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{"u":"0"}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{"u":-1}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{"u":0.5}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{"u":4294967296}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{"u":4294967295}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{"u":0,"v":0}})",
        R"({"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":1,"vocab":{"u":0,"u":1}})"));

}  // namespace
}  // namespace embd
