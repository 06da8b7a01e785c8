// The expressions of published tokenizers, matched run by run, against PCRE2.

#include "tokenizer/patterns/run_pattern.h"

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "tokenizer/patterns/pcre2_pattern.h"
#include "unicode/utf8.h"

namespace embd {

void PrintTo(const ByteRange& range, std::ostream* out) { *out << range.begin << "-" << range.end; }

namespace {

struct Published {
  const char* name;
  std::string expression;
};

const std::string kContraction = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))";
const std::string kUpper = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])";
const std::string kLower = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";
const std::string kUpperNotHan = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]])";
const std::string kLowerNotHan = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]])";
const std::string kWordStart = R"([^\r\n\p{L}\p{N}]?)";
const std::string kSpaces = R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

const std::vector<Published> kPublished = {
    {"Gpt2", R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    {"Llama3",
     kContraction + "|" + kWordStart + R"(\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" + kSpaces},
    {"Qwen2",
     kContraction + "|" + kWordStart + R"(\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)" + kSpaces},
    {"Qwen3_5", kContraction + "|" + kWordStart +
                    R"([\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" + kSpaces},
    {"O200k", kWordStart + kUpper + "*" + kLower + "+" + kContraction + "?|" + kWordStart + kUpper +
                  "+" + kLower + "*" + kContraction + R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" +
                  kSpaces},
    {"Tekken", kWordStart + kUpper + "*" + kLower + "+|" + kWordStart + kUpper + "+" + kLower +
                   R"(*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" + kSpaces},
    {"KimiK2", R"([\p{Han}]+|)" + kWordStart + kUpperNotHan + "*" + kLowerNotHan + "+" +
                   kContraction + "?|" + kWordStart + kUpperNotHan + "+" + kLowerNotHan + "*" +
                   kContraction + R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" + kSpaces},
    {"Digits", R"(\p{N}{1,3})"},
    {"Digit", R"(\p{N})"},
    {"AsciiDigits", R"([0-9])"},
    {"FalconThreeDigits", R"([0-9][0-9][0-9])"},
    {"DeepSeekHan", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"},
    {"DeepSeekV3",
     R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)" +
         kSpaces},
    {"DeepSeekCoderBreaks", R"([\r\n])"},
    {"DeepSeekCoderLetters", R"(\s?\p{L}+)"},
    {"DeepSeekCoderPunctuation", R"(\s?\p{P}+)"},
    {"DeepSeekV2Letters",
     "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u0370-\u0373]+"},
    {"DeepSeekV2Punctuation", "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"},
    {"DeepSeekV2Spaces", R"(\s+$)"},
    {"DeepSeekV2Han", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"},
    {"Bloom", " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"},
    {"Clip",
     R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)"},
    {"Spaces", R"( {2,})"},
    {"Whitespace", R"(\w+|[^\w\s]+)"},
};

std::vector<ByteRange> Matches(const TextPattern& pattern, const std::string& text) {
  std::vector<ByteRange> matches;
  EXPECT_TRUE(pattern.FindAll(text, matches)) << text;
  return matches;
}

// Strings of what the expressions tell apart, and of characters from everywhere.
std::vector<std::string> FuzzedTexts(std::size_t count) {
  const std::vector<std::string> bits = {
      " ",      "  ",     "\t",         "\n",         "\r\n",   "\u00a0",
      "\u3000", "\u2028", "'",          "'s",         "'S",     "'\u017f",
      "'LL",    "'re",    "'v",         "a",          "Z",      "word",
      "Word",   "WORD",   "\u01c5",     "\u02b0",     "\u00df", "\u0301",
      "\u0903", "\u4e00", "\u9fa5",     "\u3042",     "\u30fc", "\uac00",
      "\u0915", "1",      "1234",       "\u00bd",     "\u2167", "\u0664",
      ".",      ",",      "/",          "//",         "!?",     "$",
      "+",      "_",      "-",          "(",          "|",      "<|endoftext|>",
      "\u2026", "\u3002", "\u0964",     "\U0001f600", "\u200d", "\ufe0f",
      "\x01",   "\u00ad", "\U000e0001", "\U0010ffff", "\ue000", "\U00020000"};
  std::mt19937 random(7);
  std::vector<std::string> texts = {""};
  while (texts.size() < count) {
    std::string text;
    for (std::size_t length = random() % 24; length > 0; --length) {
      if (random() % 8 > 0) {
        text += bits[random() % bits.size()];
        continue;
      }
      auto c = static_cast<char32_t>(random() % (random() % 2 == 0 ? 0x3000 : 0x110000));
      if (c >= 0xD800 && c <= 0xDFFF) c = 'x';
      unicode::Append(text, c);
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

class PublishedExpression : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedExpression, MatchesLikePcre2) {
  const RegexTree tree = ParseRegex(GetParam().expression);
  const Pcre2Pattern general(tree, "general");
  const auto runs = RunPattern::ForTree(tree, "runs");
  ASSERT_NE(runs, nullptr);
  const auto chosen = TextPattern::ForExpression(GetParam().expression);
  EXPECT_EQ(dynamic_cast<const Pcre2Pattern*>(chosen.get()), nullptr);
  for (const std::string& text : FuzzedTexts(4000)) {
    const std::vector<ByteRange> expected = Matches(general, text);
    ASSERT_EQ(Matches(*runs, text), expected) << text;
    ASSERT_EQ(Matches(*chosen, text), expected) << text;
  }
}

// Both ends of every stretch of characters that the expression treats alike.
TEST_P(PublishedExpression, MatchesLikePcre2AtEveryBoundary) {
  const RegexTree tree = ParseRegex(GetParam().expression);
  const Pcre2Pattern general(tree, "general");
  const auto chosen = TextPattern::ForExpression(GetParam().expression);
  for (const CharSet& set : tree.sets) {
    for (const CharRange& range : set.ranges()) {
      const std::array<std::uint32_t, 4> ends = {range.first - 1, range.first, range.last,
                                                 range.last + 1};
      for (const std::uint32_t c : ends) {
        if (c > kLastChar || (c >= 0xD800 && c <= 0xDFFF)) continue;
        std::string text = "a";
        unicode::Append(text, c);
        text += "B ";
        unicode::Append(text, c);
        unicode::Append(text, c);
        text += "'s";
        ASSERT_EQ(Matches(*chosen, text), Matches(general, text)) << std::hex << c;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, PublishedExpression, ::testing::ValuesIn(kPublished),
                         [](const auto& test) { return test.param.name; });

TEST(RunPattern, LeavesOtherFormsToTheGeneralEngine) {
  for (const char* expression :
       {"a*", "", "(a)\\1", "a+?", "(?:ab)+", "\\ba", "(?<=a)b", "^a", "(?>a+)b", "a++", "a|b*"}) {
    EXPECT_EQ(RunPattern::ForTree(ParseRegex(expression), "x"), nullptr) << expression;
  }
}

// Time grows with the length: none of these uses up the budget, which a quadratic one would.
TEST_P(PublishedExpression, LongTextsTakeFewSteps) {
  const auto chosen = TextPattern::ForExpression(GetParam().expression);
  for (const std::string unit : {" ", "a", "\n", "1", ".", "\u0301", "\u4e00", "a'", " \n", "aA"}) {
    std::string text;
    while (text.size() < (std::size_t{1} << 19)) text += unit;
    Matches(*chosen, text + "x");
    Matches(*chosen, text);
  }
}

}  // namespace
}  // namespace embd
