#include "tokenizer/pre_tokenizers/bert_pre_tokenizer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace embd {
namespace {

struct BertPreTokenizerCase {
  const char* name;
  std::string text;
  std::vector<std::string> words;
};

class BertPreTokenizerTable : public ::testing::TestWithParam<BertPreTokenizerCase> {};

TEST_P(BertPreTokenizerTable, Splits) {
  Segment segment;
  segment.text.Assign(GetParam().text, /*track=*/false);
  segment.pieces = {{0, static_cast<std::uint32_t>(GetParam().text.size())}};
  ASSERT_TRUE(BertPreTokenizer().PreTokenize(segment));
  std::vector<std::string> words;
  for (const Piece& piece : segment.pieces) words.emplace_back(segment.TextOf(piece));
  EXPECT_EQ(words, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BertPreTokenizerTable,
    ::testing::Values(BertPreTokenizerCase{"empty", "", {}},
                      BertPreTokenizerCase{"spaces", " \t\u3000 ", {}},
                      BertPreTokenizerCase{"word", "word", {"word"}},
                      BertPreTokenizerCase{
                          "sentence",
                          "Hey friend!     How are you?!?",
                          {"Hey", "friend", "!", "How", "are", "you", "?", "!", "?"}},
                      BertPreTokenizerCase{
                          "unicode_punctuation", "a\u2014b\u3002", {"a", "\u2014", "b", "\u3002"}},
                      BertPreTokenizerCase{"ascii_symbols", "a$b^c", {"a", "$", "b", "^", "c"}},
                      BertPreTokenizerCase{"other_symbols_are_words", "a\u20acb", {"a\u20acb"}},
                      BertPreTokenizerCase{"spaces_around", " a ", {"a"}}),
    [](const auto& test) { return test.param.name; });

TEST(BertPreTokenizer, LeavesTokensAlone) {
  Segment segment;
  segment.text.Assign("a b!c d", /*track=*/false);
  segment.pieces = {{0, 2}, {2, 4, 7}, {4, 7}};
  ASSERT_TRUE(BertPreTokenizer().PreTokenize(segment));
  EXPECT_EQ(segment.pieces, (std::vector<Piece>{{0, 1}, {2, 4, 7}, {4, 5}, {6, 7}}));
}

}  // namespace
}  // namespace embd
