#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Punctuation, IsolatesByDefault) {
  const TestPreTokenizer split(R"({"type":"Punctuation"})");
  EXPECT_EQ(split("a!?b"), (Pieces{"a", "!", "?", "b"}));
  EXPECT_EQ(split("a_b"), (Pieces{"a", "_", "b"}));
}

TEST(Punctuation, AsciiSymbolsCount) {
  const TestPreTokenizer split(R"({"type":"Punctuation"})");
  EXPECT_EQ(split("\u3002$`\u00b5"), (Pieces{"\u3002", "$", "`", "\u00b5"}));
}

TEST(Punctuation, Removed) {
  const TestPreTokenizer split(R"({"type":"Punctuation","behavior":"Removed"})");
  EXPECT_EQ(split("a!?b!"), (Pieces{"a", "b"}));
}

TEST(Punctuation, Contiguous) {
  const TestPreTokenizer split(R"({"type":"Punctuation","behavior":"Contiguous"})");
  EXPECT_EQ(split("a!?b"), (Pieces{"a", "!?", "b"}));
}

TEST(Punctuation, MergedWithNext) {
  const TestPreTokenizer split(R"({"type":"Punctuation","behavior":"MergedWithNext"})");
  EXPECT_EQ(split("a!?b"), (Pieces{"a", "!", "?b"}));
}

TEST(Punctuation, MergedWithPrevious) {
  const TestPreTokenizer split(R"({"type":"Punctuation","behavior":"MergedWithPrevious"})");
  EXPECT_EQ(split("!a!?b"), (Pieces{"!", "a!", "?", "b"}));
}

}  // namespace
}  // namespace embd
