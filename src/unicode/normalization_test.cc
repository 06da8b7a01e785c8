#include "unicode/normalization.h"

#include <gtest/gtest.h>

#include <string>

#include "unicode/char_properties.h"

namespace embd::unicode {
namespace {

TEST(Normalization, FlagsAgreeWithTheMappings) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    const std::uint32_t flags = CharFlags(c);
    const bool hangul = IsHangulSyllable(c);
    ASSERT_EQ((flags & kLowercases) != 0, !LowercaseOf(c).empty()) << std::uint32_t{c};
    ASSERT_EQ((flags & kDecomposes) != 0, hangul || !CanonicalDecomposition(c).empty())
        << std::uint32_t{c};
    ASSERT_EQ((flags & kCompatDecomposes) != 0, hangul || !CompatDecomposition(c).empty())
        << std::uint32_t{c};
    ASSERT_EQ((flags & kNonStarter) != 0, CombiningRank(c) != 0) << std::uint32_t{c};
  }
}

TEST(Normalization, KnownMappings) {
  EXPECT_EQ(LowercaseOf(U'A'), U"a");
  EXPECT_EQ(LowercaseOf(U'a'), U"");
  EXPECT_EQ(LowercaseOf(0x130), U"i\u0307");
  EXPECT_EQ(CanonicalDecomposition(0x1E69), U"s\u0323\u0307");
  EXPECT_EQ(CompatDecomposition(0xFB01), U"fi");
  EXPECT_EQ(CanonicalDecomposition(0xFB01), U"");
}

TEST(Normalization, CombiningRanksKeepTheOrderOfTheClasses) {
  EXPECT_EQ(CombiningRank(U'a'), 0);
  EXPECT_LT(CombiningRank(0x334), CombiningRank(0x323));  // classes 1 and 220
  EXPECT_LT(CombiningRank(0x323), CombiningRank(0x301));  // 220 and 230
  EXPECT_LT(CombiningRank(0x301), CombiningRank(0x345));  // 230 and 240
  EXPECT_EQ(CombiningRank(0x300), CombiningRank(0x301));
}

TEST(Normalization, ComposesPairs) {
  EXPECT_EQ(Compose(U'e', 0x301), char32_t{0xE9});
  EXPECT_EQ(Compose(U'e', U'e'), char32_t{0});
  EXPECT_EQ(Compose(0x915, 0x93C), char32_t{0});  // a composition exclusion
}

TEST(Normalization, HangulGoesThereAndBack) {
  for (char32_t c = 0xAC00; c <= 0xD7A3; ++c) {
    char32_t letters[3];
    const std::size_t count = DecomposeHangul(c, letters);
    char32_t composed = Compose(letters[0], letters[1]);
    if (count == 3) composed = Compose(composed, letters[2]);
    ASSERT_EQ(composed, c);
  }
  EXPECT_EQ(Compose(0xAC01, 0x11A8), char32_t{0});  // has a trailing letter already
  EXPECT_EQ(Compose(0xAC00, 0x11A7), char32_t{0});
}

TEST(CharProperties, KnownFlags) {
  EXPECT_TRUE(CharFlags(0) & kBertRemoved);
  EXPECT_TRUE(CharFlags(0xFFFD) & kBertRemoved);
  EXPECT_FALSE(CharFlags(U'\n') & kBertRemoved);
  EXPECT_TRUE(IsWhitespace(0x3000));
  EXPECT_TRUE(CharFlags(U'$') & kBertPunctuation);
  EXPECT_TRUE(CharFlags(0x4E00) & kChinese);
  EXPECT_TRUE(CharFlags(U'_') & kAddedTokenWord);
  EXPECT_EQ(CategoryOf(CharFlags(U'A')), Category::kLu);
  EXPECT_EQ(CategoryOf(CharFlags(0x4E00)), Category::kLo);
  EXPECT_EQ(CategoryOf(CharFlags(U'7')), Category::kNd);
  EXPECT_NE(ScriptOf(U'a'), ScriptOf(0x3B1));
  EXPECT_EQ(ScriptOf(0x3B1), ScriptOf(0x3B2));
}

}  // namespace
}  // namespace embd::unicode
