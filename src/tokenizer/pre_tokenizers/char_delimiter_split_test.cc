#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(CharDelimiterSplit, DropsTheDelimiter) {
  const TestPreTokenizer split(R"({"type":"CharDelimiterSplit","delimiter":"\u00e9"})");
  EXPECT_EQ(split("a\u00e9\u00e9b"), (Pieces{"a", "b"}));
  EXPECT_EQ(split("\u00e9"), (Pieces{}));
}

TEST(CharDelimiterSplit, AtASpace) {
  const TestPreTokenizer split(R"({"type":"CharDelimiterSplit","delimiter":" "})");
  EXPECT_EQ(split(" a  b "), (Pieces{"a", "b"}));
}

}  // namespace
}  // namespace embd
