#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(ReplaceDecoder, EveryMatchInEachToken) {
  const TestDecoder decode(R"({"type":"Replace","pattern":{"String":"_"},"content":"-"})");
  EXPECT_EQ(decode({"_a_", "b"}), (Pieces{"-a-", "b"}));
}

TEST(ReplaceDecoder, NotAcrossTokens) {
  const TestDecoder decode(R"({"type":"Replace","pattern":{"String":"ab"},"content":""})");
  EXPECT_EQ(decode({"abab", "a", "b"}), (Pieces{"", "a", "b"}));
}

}  // namespace
}  // namespace embd
