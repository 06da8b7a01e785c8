#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(ByteLevelDecoder, BytesBecomeText) {
  const TestDecoder decode(R"({"type":"ByteLevel"})");
  EXPECT_EQ(decode({"\u0120a", "\u00c3", "\u00a9", "\u00ff", "\u4f60"}),
            (Pieces{" a\u00e9\ufffd\u4f60"}));
  EXPECT_EQ(decode({"\u00c3", "a"}), (Pieces{"\ufffda"}));
}

TEST(ByteLevelDecoder, WhatIsNoByteStays) {
  const TestDecoder decode(R"({"type":"ByteLevel"})");
  EXPECT_EQ(decode({"a b", "\u0120"}), (Pieces{"a b "}));
}

}  // namespace
}  // namespace embd
