#include <gtest/gtest.h>

#include <string_view>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

TEST(Nmt, DropsControlsAndTurnsSeparatorsToSpaces) {
  const TestNormalizer normalize(R"({"type":"Nmt"})");
  EXPECT_EQ(normalize(""), "");
  EXPECT_EQ(normalize("a\001b\tc\u200bd"), "ab c d");
  EXPECT_EQ(normalize("\177\302\217\302\237\u200c\u2028\ufeff\ufffd"), "    ");
  EXPECT_EQ(normalize("\u200e\u200f"), "  ");
}

TEST(Nmt, LeavesTheRest) {
  const TestNormalizer normalize(R"({"type":"Nmt"})");
  EXPECT_EQ(normalize("\000"sv), "\000"sv);
  EXPECT_EQ(normalize("\u00a0\u3000"), "\u00a0\u3000");
  EXPECT_EQ(normalize("\u00e9\U0001f600"), "\u00e9\U0001f600");
}

}  // namespace
}  // namespace embd
