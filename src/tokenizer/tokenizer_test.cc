#include "tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <string>

namespace embd {
namespace {

constexpr std::string_view kJson = R"({
  "added_tokens": [
    {"id":2,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
    {"id":3,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
    {"id":9,"content":"<m>","single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true},
    {"id":9,"content":"Word","single_word":true,"lstrip":false,"rstrip":false,"normalized":true,"special":false}],
  "normalizer": {"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
  "pre_tokenizer": {"type":"BertPreTokenizer"},
  "post_processor": {"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},
  "decoder": {"type":"WordPiece","prefix":"##","cleanup":true},
  "model": {"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
            "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"a":4,"##b":5,"!":6,"e":7}}})";

class TokenizerTest : public ::testing::Test {
 protected:
  Encoding Encode(std::string_view text, EncodeOptions options = {}) {
    options.details = true;
    Encoding encoding;
    EXPECT_TRUE(tokenizer_->Encode(text, options, scratch_, encoding));
    return encoding;
  }

  std::unique_ptr<const Tokenizer> tokenizer_ = Tokenizer::LoadText(kJson, "test");
  Tokenizer::Scratch scratch_;
};

using Ids = std::vector<std::uint32_t>;
using Offsets = std::vector<ByteRange>;

TEST_F(TokenizerTest, EncodesWithOffsetsIntoTheOriginal) {
  const Encoding encoding = Encode("AB \u00c9!");
  EXPECT_EQ(encoding.ids, (Ids{2, 4, 5, 7, 6, 3}));
  EXPECT_EQ(encoding.offsets, (Offsets{{0, 0}, {0, 1}, {1, 2}, {3, 5}, {5, 6}, {0, 0}}));
  EXPECT_EQ(encoding.special_tokens_mask, (std::vector<std::uint8_t>{1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(encoding.type_ids, (Ids{0, 0, 0, 0, 0, 0}));
}

TEST_F(TokenizerTest, AddedTokensAreNumberedFromTheSizeOfTheVocabulary) {
  EXPECT_EQ(tokenizer_->IdToToken(8), "<m>");
  EXPECT_EQ(tokenizer_->IdToToken(9), "word");  // as it is normalized
  EXPECT_EQ(tokenizer_->IdToToken(10), "");
  EXPECT_EQ(tokenizer_->id_bound(), 10u);
}

TEST_F(TokenizerTest, AddedTokensSplitTheText) {
  const Encoding encoding = Encode("a  <m>ab WORD words");
  EXPECT_EQ(encoding.ids, (Ids{2, 4, 8, 4, 5, 9, 1, 3}));
  EXPECT_EQ(encoding.offsets,
            (Offsets{{0, 0}, {0, 1}, {1, 6}, {6, 7}, {7, 8}, {9, 13}, {14, 19}, {0, 0}}));
}

TEST_F(TokenizerTest, EmptyTextHasOnlySpecialTokens) {
  EXPECT_EQ(Encode("").ids, (Ids{2, 3}));
  EXPECT_EQ(Encode("", {.add_special_tokens = false}).ids, Ids{});
  EXPECT_EQ(Encode(" \t").ids, (Ids{2, 3}));
}

TEST_F(TokenizerTest, Truncates) {
  EXPECT_EQ(Encode("a e a", {.max_length = 4}).ids, (Ids{2, 4, 7, 3}));
  EXPECT_EQ(Encode("a e a", {.max_length = 4, .truncation_side = TruncationSide::kLeft}).ids,
            (Ids{2, 7, 4, 3}));
  EXPECT_EQ(Encode("a e a", {.add_special_tokens = false, .max_length = 1}).ids, Ids{4});
  EXPECT_EQ(Encode("a e a", {.max_length = 5}).ids, (Ids{2, 4, 7, 4, 3}));
  EXPECT_EQ(Encode("a e a", {.max_length = 1}).ids, (Ids{2, 3}));
}

TEST_F(TokenizerTest, EncodesPairs) {
  Encoding encoding;
  ASSERT_TRUE(tokenizer_->EncodePair("a", "e !", {.details = true}, scratch_, encoding));
  EXPECT_EQ(encoding.ids, (Ids{2, 4, 3, 7, 6, 3}));
  EXPECT_EQ(encoding.type_ids, (Ids{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(encoding.offsets, (Offsets{{0, 0}, {0, 1}, {0, 0}, {0, 1}, {2, 3}, {0, 0}}));
  ASSERT_TRUE(tokenizer_->EncodePair("a", "e !", {.max_length = 5}, scratch_, encoding));
  EXPECT_EQ(encoding.ids, (Ids{2, 4, 3, 7, 3}));
  EXPECT_TRUE(encoding.offsets.empty());
  // The second sequence of a pair must not linger.
  ASSERT_TRUE(tokenizer_->Encode("a", {}, scratch_, encoding));
  EXPECT_EQ(encoding.ids, (Ids{2, 4, 3}));
}

TEST_F(TokenizerTest, DetailsDoNotChangeTheIds) {
  for (const std::string text : {"a \u00c9\u4f60 <m>", "Word ab!", "\ud55c\u302e\u0301"}) {
    Encoding plain;
    ASSERT_TRUE(tokenizer_->Encode(text, {}, scratch_, plain));
    EXPECT_EQ(plain.ids, Encode(text).ids);
  }
}

TEST_F(TokenizerTest, RefusesInvalidUtf8) {
  Encoding encoding;
  const Result<void> done = tokenizer_->Encode("a\xff", {}, scratch_, encoding);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kTokenizer);
}

TEST_F(TokenizerTest, Decodes) {
  const Ids ids = {2, 4, 5, 6, 3, 77, 9, 1};
  EXPECT_EQ(tokenizer_->Decode(ids, /*skip_special_tokens=*/true), "ab! word [UNK]");
  EXPECT_EQ(tokenizer_->Decode(ids, /*skip_special_tokens=*/false), "[CLS] ab! [SEP] word [UNK]");
  EXPECT_EQ(tokenizer_->Decode({}, /*skip_special_tokens=*/true), "");
}

TEST_F(TokenizerTest, LongTextsAreNoProblem) {
  constexpr std::size_t kMegabyte = 1 << 20;
  std::string marks;
  while (marks.size() < kMegabyte) marks += "\u0301\u302e";
  std::string tokens;
  while (tokens.size() < kMegabyte) tokens += "  <m>";
  for (const std::string& text :
       {std::string(kMegabyte, 'a'), std::string(kMegabyte, ' '), std::string(kMegabyte, '<'),
        std::string(kMegabyte, '!'), marks, "a" + marks, tokens}) {
    EXPECT_GE(Encode(text).ids.size(), 2u);
  }
  EXPECT_EQ(Encode(std::string(kMegabyte, '!')).ids.size(), kMegabyte + 2);
}

TEST_F(TokenizerTest, SaysHowBigItIs) { EXPECT_GT(tokenizer_->resident_bytes(), 100u); }

}  // namespace
}  // namespace embd
