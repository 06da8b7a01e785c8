#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Prepend, PutsTextInFront) {
  const TestNormalizer normalize(R"({"type":"Prepend","prepend":"_"})");
  EXPECT_EQ(normalize("a"), "_a");
  EXPECT_EQ(normalize(" a"), "_ a");
  EXPECT_EQ(normalize.Origins("ab"), (Origins{{0, 1}, {0, 1}, {1, 2}}));
}

TEST(Prepend, LeavesNothingAlone) {
  const TestNormalizer normalize(R"({"type":"Prepend","prepend":"_"})");
  EXPECT_EQ(normalize(""), "");
}

TEST(Prepend, SeveralCharacters) {
  const TestNormalizer normalize(R"({"type":"Prepend","prepend":"\u2581\u2581"})");
  EXPECT_EQ(normalize("a"), "\u2581\u2581a");
}

}  // namespace
}  // namespace embd
