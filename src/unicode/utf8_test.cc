#include "unicode/utf8.h"

#include <gtest/gtest.h>

namespace embd::unicode {
namespace {

TEST(Utf8, EveryScalarRoundTrips) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    char bytes[4];
    const std::uint32_t length = Encode(c, bytes);
    const DecodedChar decoded = DecodeValid(bytes);
    ASSERT_EQ(decoded.scalar, c);
    ASSERT_EQ(decoded.length, length);
    ASSERT_TRUE(IsValid({bytes, length})) << std::uint32_t{c};
    ASSERT_EQ(Lossy({bytes, length}), std::string(bytes, length));
  }
}

struct Utf8Case {
  const char* name;
  std::string bytes;
  bool valid;
  std::string lossy;
};

class Utf8Validity : public ::testing::TestWithParam<Utf8Case> {};

TEST_P(Utf8Validity, IsAsUnicodeHasIt) {
  EXPECT_EQ(IsValid(GetParam().bytes), GetParam().valid);
  EXPECT_EQ(Lossy(GetParam().bytes), GetParam().lossy);
}

const std::string kReplacement = "\xEF\xBF\xBD";

INSTANTIATE_TEST_SUITE_P(
    Table, Utf8Validity,
    ::testing::Values(
        Utf8Case{"empty", "", true, ""},
        Utf8Case{"ascii", "plain, longer than eight", true, "plain, longer than eight"},
        Utf8Case{"truncated", "abcdefgh\xE4\xBD", false, "abcdefgh" + kReplacement},
        Utf8Case{"lone_continuation", "\x80", false, kReplacement},
        Utf8Case{"overlong_slash", "\xC0\xAF", false, kReplacement + kReplacement},
        Utf8Case{"overlong_three", "\xE0\x80\x80", false,
                 kReplacement + kReplacement + kReplacement},
        Utf8Case{"surrogate", "\xED\xA0\x80", false, kReplacement + kReplacement + kReplacement},
        Utf8Case{"above_last", "\xF4\x90\x80\x80", false,
                 kReplacement + kReplacement + kReplacement + kReplacement},
        Utf8Case{"cut_then_ascii", "\xF0\x9F\x98x", false, kReplacement + "x"}),
    [](const auto& test) { return test.param.name; });

TEST(Utf8, CountsCharsNotBytes) {
  EXPECT_EQ(CountChars(""), 0u);
  EXPECT_EQ(CountChars("a\u00e9\u4f60\U0001F600"), 4u);
}

TEST(Utf8, FindsTheLastChar) {
  EXPECT_EQ(LastCharBegin("a"), 0u);
  EXPECT_EQ(LastCharBegin("ab\u4f60"), 2u);
}

}  // namespace
}  // namespace embd::unicode
