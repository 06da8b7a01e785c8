#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Lowercase, FollowsUnicode) {
  const TestNormalizer normalize(R"({"type":"Lowercase"})");
  EXPECT_EQ(normalize(""), "");
  EXPECT_EQ(normalize("aB1"), "ab1");
  EXPECT_EQ(normalize("A\u00c9"), "a\u00e9");
  EXPECT_EQ(normalize("STRASSE\u1e9e"), "strasse\u00df");
  EXPECT_EQ(normalize("\u01c5"), "\u01c6");
  EXPECT_EQ(normalize("\U00010400"), "\U00010428");
  EXPECT_EQ(normalize("\u24b6"), "\u24d0");
}

TEST(Lowercase, KnowsNoContext) {
  const TestNormalizer normalize(R"({"type":"Lowercase"})");
  EXPECT_EQ(normalize("\u03a3\u03a3"), "\u03c3\u03c3");
}

TEST(Lowercase, MayTakeTwoCharacters) {
  const TestNormalizer normalize(R"({"type":"Lowercase"})");
  EXPECT_EQ(normalize("\u0130x"), "i\u0307x");
  EXPECT_EQ(normalize.Origins("\u0130x"), (Origins{{0, 2}, {0, 2}, {0, 2}, {2, 3}}));
}

}  // namespace
}  // namespace embd
