#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(ByteFallbackDecoder, BytesBecomeCharacters) {
  const TestDecoder decode(R"({"type":"ByteFallback"})");
  EXPECT_EQ(decode({"<0xC3>", "<0xA9>", "a", "<0xFF>", "<0xGG>"}),
            (Pieces{"\u00e9", "a", "\ufffd", "<0xGG>"}));
  EXPECT_EQ(decode({"<0xE4>", "<0xBD>", "<0xA0>", "<0x0A>"}), (Pieces{"\u4f60\n"}));
}

TEST(ByteFallbackDecoder, OneReplacementForEachBrokenByte) {
  const TestDecoder decode(R"({"type":"ByteFallback"})");
  EXPECT_EQ(decode({"<0xE4>", "<0xBD>"}), (Pieces{"\ufffd", "\ufffd"}));
}

TEST(ByteFallbackDecoder, WhatIsNoByteStays) {
  const TestDecoder decode(R"({"type":"ByteFallback"})");
  EXPECT_EQ(decode({"<0x41", "<0x041>"}), (Pieces{"<0x41", "<0x041>"}));
  EXPECT_EQ(decode({"<0xc3>", "<0xa9>"}), (Pieces{"\u00e9"}));
}

}  // namespace
}  // namespace embd
