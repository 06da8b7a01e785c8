#include "tokenizer/decoders/word_piece_decoder.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

using Parts = std::vector<std::string>;

Parts Decode(bool cleanup, Parts parts) {
  WordPieceDecoder("##", cleanup).Decode(parts);
  return parts;
}

TEST(WordPieceDecoder, JoinsContinuations) {
  EXPECT_EQ(Decode(false, {"##uelo", "Ara", "##új", "##o", "No", "."}),
            (Parts{"##uelo", " Ara", "új", "o", " No", " ."}));
}

TEST(WordPieceDecoder, TidiesUpEachPart) {
  EXPECT_EQ(Decode(true, {"a", ".", "'s", "do not", "!"}), (Parts{"a", ".", "'s", " don't", "!"}));
}

TEST(CleanUpTokenization, AppliesTheRulesInTurn) {
  EXPECT_EQ(CleanUpTokenization("a . b ? c ! d , e ' f n't 'm 's 've 're"),
            "a. b? c! d, e'fn't'm's've're");
  EXPECT_EQ(CleanUpTokenization(" ..  ."), ".. .");
}

}  // namespace
}  // namespace embd
