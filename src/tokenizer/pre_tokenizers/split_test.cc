#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Split, Removed) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"Removed","invert":false})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"the", "final", "countdown"}));
  EXPECT_EQ(split("-"), (Pieces{}));
  EXPECT_EQ(split("--a"), (Pieces{"a"}));
  EXPECT_EQ(split("a-"), (Pieces{"a"}));
}

TEST(Split, Isolated) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"Isolated","invert":false})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"the", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(split("--a"), (Pieces{"-", "-", "a"}));
}

TEST(Split, MergedWithPrevious) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"MergedWithPrevious","invert":false})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"the-", "final-", "-", "countdown"}));
  EXPECT_EQ(split("--a"), (Pieces{"-", "-", "a"}));
  EXPECT_EQ(split("a-"), (Pieces{"a-"}));
}

TEST(Split, MergedWithNext) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"MergedWithNext","invert":false})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"the", "-final", "-", "-countdown"}));
  EXPECT_EQ(split("--a"), (Pieces{"-", "-a"}));
  EXPECT_EQ(split("a-"), (Pieces{"a", "-"}));
}

TEST(Split, Contiguous) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"Contiguous","invert":false})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"the", "-", "final", "--", "countdown"}));
  EXPECT_EQ(split("--a"), (Pieces{"--", "a"}));
}

TEST(Split, InvertedRemoved) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"Removed","invert":true})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"-", "-", "-"}));
}

TEST(Split, InvertedMergedWithPrevious) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"MergedWithPrevious","invert":true})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"the", "-final", "-", "-countdown"}));
}

TEST(Split, InvertedMergedWithNext) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"-"},"behavior":"MergedWithNext","invert":true})");
  EXPECT_EQ(split("the-final--countdown"), (Pieces{"the-", "final-", "-", "countdown"}));
}

TEST(Split, AtALongerString) {
  const TestPreTokenizer split(
      R"({"type":"Split","pattern":{"String":"ab"},"behavior":"Isolated","invert":false})");
  EXPECT_EQ(split("aababb"), (Pieces{"a", "ab", "ab", "b"}));
}

// Llama 3's.
constexpr const char* kExpression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+)";

TEST(Split, AtAnExpression) {
  const TestPreTokenizer split(
      R"({"type":"Split","behavior":"Isolated","invert":false,"pattern":{"Regex":")" +
      std::string(kExpression) + R"("}})");
  EXPECT_EQ(split("It'S 12345 ok!!\n\n  x  "),
            (Pieces{"It", "'S", " ", "123", "45", " ok", "!!\n\n", " ", " x", "  "}));
}

}  // namespace
}  // namespace embd
