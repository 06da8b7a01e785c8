#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Strip, BothSides) {
  const TestNormalizer normalize(R"({"type":"Strip","strip_left":true,"strip_right":true})");
  EXPECT_EQ(normalize("\u3000 a b\t"), "a b");
  EXPECT_EQ(normalize(" "), "");
  EXPECT_EQ(normalize(""), "");
  EXPECT_EQ(normalize("\302\205a\u2029"), "a");
  EXPECT_EQ(normalize.Origins(" a "), (Origins{{1, 2}}));
}

TEST(Strip, OneSide) {
  const TestNormalizer normalize(R"({"type":"Strip","strip_left":true,"strip_right":false})");
  EXPECT_EQ(normalize(" a "), "a ");
  EXPECT_EQ(normalize("\u00a0"), "");
}

TEST(Strip, TheOtherSide) {
  const TestNormalizer normalize(R"({"type":"Strip","strip_left":false,"strip_right":true})");
  EXPECT_EQ(normalize(" a "), " a");
  EXPECT_EQ(normalize("\u00a0"), "");
}

TEST(Strip, Neither) {
  const TestNormalizer normalize(R"({"type":"Strip","strip_left":false,"strip_right":false})");
  EXPECT_EQ(normalize(" a "), " a ");
}

TEST(Strip, OnlyWhitespace) {
  const TestNormalizer normalize(R"({"type":"Strip","strip_left":true,"strip_right":true})");
  EXPECT_EQ(normalize("\u200ba\u200b"), "\u200ba\u200b");
  EXPECT_EQ(normalize("\037a\034"), "\037a\034");
}

}  // namespace
}  // namespace embd
