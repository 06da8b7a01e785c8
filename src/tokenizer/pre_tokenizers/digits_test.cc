#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Digits, Together) {
  const TestPreTokenizer split(R"({"type":"Digits","individual_digits":false})");
  EXPECT_EQ(split("a12b\u00bd\u0663"), (Pieces{"a", "12", "b", "\u00bd\u0663"}));
  EXPECT_EQ(split("12"), (Pieces{"12"}));
}

TEST(Digits, OneByOne) {
  const TestPreTokenizer split(R"({"type":"Digits","individual_digits":true})");
  EXPECT_EQ(split("a12"), (Pieces{"a", "1", "2"}));
  EXPECT_EQ(split("\u0663\u2460\u4e09"), (Pieces{"\u0663", "\u2460", "\u4e09"}));
}

}  // namespace
}  // namespace embd
