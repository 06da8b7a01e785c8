#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(ByteLevel, WithASpaceInFront) {
  const TestPreTokenizer split(
      R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true})");
  EXPECT_EQ(split("it's 12  \u00e9"),
            (Pieces{"\u0120it", "'s", "\u012012", "\u0120", "\u0120\u00c3\u00a9"}));
  EXPECT_EQ(split(" a"), (Pieces{"\u0120a"}));
  EXPECT_EQ(split("\n\na  "), (Pieces{"\u0120\u010a", "\u010a", "a", "\u0120\u0120"}));
}

TEST(ByteLevel, WithoutOne) {
  const TestPreTokenizer split(
      R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true})");
  EXPECT_EQ(split("a b"), (Pieces{"a", "\u0120b"}));
  EXPECT_EQ(split("it's we'LL 'sx"), (Pieces{"it", "'s", "\u0120we", "'", "LL", "\u0120'", "sx"}));
  EXPECT_EQ(split("\u00a0x"), (Pieces{"\u00c2\u0142", "x"}));
}

TEST(ByteLevel, Whole) {
  const TestPreTokenizer split(
      R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false})");
  EXPECT_EQ(split("a b"), (Pieces{"a\u0120b"}));
}

TEST(ByteLevel, SplitsByDefault) {
  const TestPreTokenizer split(
      R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true})");
  EXPECT_EQ(split("a b"), (Pieces{"a", "\u0120b"}));
}

}  // namespace
}  // namespace embd
