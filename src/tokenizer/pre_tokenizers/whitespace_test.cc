#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Whitespace, SplitsWordsFromTheRest) {
  const TestPreTokenizer split(R"({"type":"Whitespace"})");
  EXPECT_EQ(split("Hey man, it's\u00e9 ?!"),
            (Pieces{"Hey", "man", ",", "it", "'", "s\u00e9", "?!"}));
  EXPECT_EQ(split("  "), (Pieces{}));
  EXPECT_EQ(split("a_b\u0301c"), (Pieces{"a_b\u0301c"}));
}

TEST(Whitespace, WordCharactersAreUnicodes) {
  const TestPreTokenizer split(R"({"type":"Whitespace"})");
  EXPECT_EQ(split("\u0663\u00bd"), (Pieces{"\u0663", "\u00bd"}));
  EXPECT_EQ(split("a\u200db \u2019x"), (Pieces{"a\u200db", "\u2019", "x"}));
  EXPECT_EQ(split("\u24b6\U0001f600!"), (Pieces{"\u24b6", "\U0001f600!"}));
}

}  // namespace
}  // namespace embd
