#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(FixedLength, CountsCharacters) {
  const TestPreTokenizer split(R"({"type":"FixedLength","length":2})");
  EXPECT_EQ(split("a\u00e9b\u00e9c"), (Pieces{"a\u00e9", "b\u00e9", "c"}));
  EXPECT_EQ(split("a"), (Pieces{"a"}));
}

TEST(FixedLength, One) {
  const TestPreTokenizer split(R"({"type":"FixedLength","length":1})");
  EXPECT_EQ(split("ab"), (Pieces{"a", "b"}));
}

}  // namespace
}  // namespace embd
