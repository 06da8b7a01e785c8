#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(StripDecoder, AtMostSoMany) {
  const TestDecoder decode(R"({"type":"Strip","content":"_","start":1,"stop":2})");
  EXPECT_EQ(decode({"__a___", "_", "b"}), (Pieces{"_a_", "", "b"}));
}

TEST(StripDecoder, OnlyAtTheEnds) {
  const TestDecoder decode(R"({"type":"Strip","content":"_","start":1,"stop":1})");
  EXPECT_EQ(decode({"__a___", "b_b"}), (Pieces{"_a__", "b_b"}));
}

TEST(StripDecoder, OneSide) {
  const TestDecoder decode(R"({"type":"Strip","content":"_","start":0,"stop":1})");
  EXPECT_EQ(decode({"a__", "_"}), (Pieces{"a_", ""}));
}

// The reference panics there.
TEST(StripDecoder, ATokenOfNothingElse) {
  const TestDecoder decode(R"({"type":"Strip","content":"_","start":1,"stop":2})");
  EXPECT_EQ(decode({"_", ""}), (Pieces{"", ""}));
}

}  // namespace
}  // namespace embd
