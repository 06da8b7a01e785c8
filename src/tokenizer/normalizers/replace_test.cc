#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(ReplaceNormalizer, EveryMatch) {
  const TestNormalizer normalize(R"({"type":"Replace","pattern":{"String":"ab"},"content":"c"})");
  EXPECT_EQ(normalize("xababa"), "xcca");
  EXPECT_EQ(normalize(""), "");
  EXPECT_EQ(normalize("aab"), "ac");
  EXPECT_EQ(normalize("abab"), "cc");
  EXPECT_EQ(normalize("ba"), "ba");
}

TEST(ReplaceNormalizer, WithSomethingLonger) {
  const TestNormalizer normalize(
      R"({"type":"Replace","pattern":{"String":"e"},"content":"\u00e9a"})");
  EXPECT_EQ(normalize("eae\u00e9"), "\u00e9aa\u00e9a\u00e9");
}

TEST(ReplaceNormalizer, WithNothing) {
  const TestNormalizer normalize(R"({"type":"Replace","pattern":{"String":"a"},"content":""})");
  EXPECT_EQ(normalize("aab"), "b");
  EXPECT_EQ(normalize("aa"), "");
}

TEST(ReplaceNormalizer, SpacesByMarks) {
  const TestNormalizer normalize(
      R"({"type":"Replace","pattern":{"String":" "},"content":"\u2581"})");
  EXPECT_EQ(normalize("a  b"), "a\u2581\u2581b");
  EXPECT_EQ(normalize.Origins("a b"), (Origins{{0, 1}, {1, 2}, {1, 2}, {1, 2}, {2, 3}}));
}

}  // namespace
}  // namespace embd
