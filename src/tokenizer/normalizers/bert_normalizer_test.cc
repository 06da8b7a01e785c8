#include "tokenizer/normalizers/bert_normalizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "unicode/char_properties.h"
#include "unicode/normalization.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

struct BertNormalizerCase {
  const char* name;
  BertNormalizer::Options options;
  std::string text;
  std::string normalized;
};

class BertNormalizerTable : public ::testing::TestWithParam<BertNormalizerCase> {};

TEST_P(BertNormalizerTable, Normalizes) {
  NormalizedText text;
  NormalizedText spare;
  text.Assign(GetParam().text, /*track=*/false);
  ASSERT_TRUE(BertNormalizer(GetParam().options).Normalize(text, spare));
  EXPECT_EQ(text.text, GetParam().normalized);
}

constexpr BertNormalizer::Options kNothing{
    .clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = false};

BertNormalizer::Options Only(auto set) {
  BertNormalizer::Options options = kNothing;
  set(options);
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BertNormalizerTable,
    ::testing::Values(
        BertNormalizerCase{"empty", {}, "", ""},
        BertNormalizerCase{"nothing", kNothing, "\x01 \u00c9\u4f60", "\x01 \u00c9\u4f60"},
        BertNormalizerCase{"uncased", {}, "H\u00c9LLO W\u00f6rld", "hello world"},
        BertNormalizerCase{"long_ascii",
                           {},
                           "THE QUICK BROWN FOX JUMPS OVER\tthe lazy dog",
                           "the quick brown fox jumps over the lazy dog"},
        BertNormalizerCase{"clean", Only([](auto& o) { o.clean_text = true; }),
                           "a\x07\u200bb\tc\u3000d\ufffd", "ab c d"},
        BertNormalizerCase{"chinese", Only([](auto& o) { o.handle_chinese_chars = true; }),
                           "a\u4f60b", "a \u4f60 b"},
        BertNormalizerCase{"strip", Only([](auto& o) { o.strip_accents = true; }),
                           "\u00c9e\u0323\u0302", "Ee"},
        BertNormalizerCase{"lower_keeps_accents", {.strip_accents = false}, "\u00c9", "\u00e9"},
        BertNormalizerCase{"lower_strips_by_default", {}, "\u00c9", "e"},
        BertNormalizerCase{
            "strip_without_lower", {.strip_accents = true, .lowercase = false}, "\u00c9", "E"},
        BertNormalizerCase{"hangul", {}, "\ud55c", "\u1112\u1161\u11ab"},
        BertNormalizerCase{"two_letter_lower", {.strip_accents = false}, "\u0130", "i\u0307"},
        // U+302E has a combining class and is no nonspacing mark: it stays, and is reordered.
        BertNormalizerCase{"marks_that_stay", {}, "a\U0001d165\u302eb", "a\U0001d165\u302eb"}),
    [](const auto& test) { return test.param.name; });

// The fast pass and the steps must agree on any text, origins included.
void ExpectAgreement(const BertNormalizer& normalizer, const std::string& original) {
  for (const bool track : {false, true}) {
    NormalizedText fast;
    NormalizedText slow;
    NormalizedText spare;
    fast.Assign(original, track);
    slow.Assign(original, track);
    ASSERT_TRUE(normalizer.Normalize(fast, spare));
    normalizer.NormalizeInSteps(slow, spare);
    ASSERT_EQ(fast.text, slow.text) << original;
    ASSERT_EQ(fast.origins, slow.origins) << original;
  }
}

TEST(BertNormalizer, FastPassAgreesWithTheStepsOnEveryKindOfScalar) {
  const BertNormalizer uncased({});
  const BertNormalizer cased({.strip_accents = std::nullopt, .lowercase = false});
  std::string text;
  std::uint32_t previous = 0;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    // Of runs of characters that are alike and map to themselves, every 64th will do.
    const std::uint32_t flags = unicode::CharFlags(c);
    const bool maps = (flags & (unicode::kDecomposes | unicode::kLowercases)) != 0;
    if (flags == previous && c % 64 != 0 && (!maps || unicode::IsHangulSyllable(c))) continue;
    previous = flags;
    unicode::Append(text += 'A', c);
    if (text.size() < 100) continue;
    ExpectAgreement(uncased, text);
    ExpectAgreement(cased, text);
    text.clear();
  }
}

TEST(BertNormalizer, FastPassAgreesWithTheStepsOnRandomMarks) {
  constexpr char32_t kPool[] = {U'a',   U'B',    U' ',    0x301, 0x323,  0x302E,
                                0x302F, 0x1D165, 0x1D16D, 0xE9,  0x344,  0x1D15E,
                                0xF73,  0xAC01,  0x4E00,  0,     0x1E69, 0x9CB};
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n) {
      unicode::Append(text, kPool[random() % std::size(kPool)]);
    }
    ExpectAgreement(BertNormalizer({}), text);
    ExpectAgreement(BertNormalizer({.strip_accents = true, .lowercase = false}), text);
  }
}

TEST(BertNormalizer, GrowsWithExpandingText) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    text += "\ud55c\u4f60";
    expected += "\u1112\u1161\u11ab \u4f60 ";
  }
  NormalizedText normalized;
  NormalizedText spare;
  normalized.Assign(text, /*track=*/false);
  ASSERT_TRUE(BertNormalizer({}).Normalize(normalized, spare));
  EXPECT_EQ(normalized.text, expected);
}

}  // namespace
}  // namespace embd
