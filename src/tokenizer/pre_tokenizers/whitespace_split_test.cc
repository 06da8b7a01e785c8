#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(WhitespaceSplit, SplitsAtUnicodesWhitespace) {
  const TestPreTokenizer split(R"({"type":"WhitespaceSplit"})");
  EXPECT_EQ(split(" a,b\u3000c "), (Pieces{"a,b", "c"}));
  EXPECT_EQ(split("a\302\205b"), (Pieces{"a", "b"}));
  EXPECT_EQ(split(" "), (Pieces{}));
}

TEST(WhitespaceSplit, NotAtWhatLooksLikeIt) {
  const TestPreTokenizer split(R"({"type":"WhitespaceSplit"})");
  EXPECT_EQ(split("a\u200bb"), (Pieces{"a\u200bb"}));
  EXPECT_EQ(split("\037a"), (Pieces{"\037a"}));
}

}  // namespace
}  // namespace embd
