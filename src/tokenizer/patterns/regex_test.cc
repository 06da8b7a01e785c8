// Expressions in the reference's syntax. The expected matches are what `tokenizers` 0.23.3 finds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/load_error.h"
#include "tokenizer/patterns/regex_tree.h"
#include "tokenizer/patterns/text_pattern.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

// `text` with every match in brackets.
std::string Marked(const std::string& expression, const std::string& text) {
  std::vector<ByteRange> matches;
  const Result<void> done = TextPattern::ForExpression(expression)->FindAll(text, matches);
  if (!done) return done.error().message;
  std::string result;
  std::size_t at = 0;
  for (const ByteRange& match : matches) {
    result += text.substr(at, match.begin - at);
    result += "[" + text.substr(match.begin, match.end - match.begin) + "]";
    at = match.end;
  }
  return result + text.substr(at);
}

struct RegexCase {
  std::string expression;
  std::string text;
  std::string marked;
};

class Expression : public ::testing::TestWithParam<RegexCase> {};

TEST_P(Expression, FindsWhatTheReferenceFinds) {
  EXPECT_EQ(Marked(GetParam().expression, GetParam().text), GetParam().marked)
      << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(Anchors, Expression,
                         ::testing::Values(RegexCase{"^", "a\nb\n", "[]a\n[]b\n"},
                                           RegexCase{"$", "a\nb\n", "a[]\nb[]\n[]"},
                                           RegexCase{R"(\Z)", "a\n", "a[]\n[]"},
                                           RegexCase{R"(\z)", "a\n", "a\n[]"},
                                           RegexCase{R"(\A)", "a\na", "[]a\na"},
                                           RegexCase{R"(\bb)", "ab b", "ab [b]"},
                                           RegexCase{R"(\b)", "1 \u00bd", "[]1[] []\u00bd[]"},
                                           RegexCase{R"((?<=\n)a)", "a\na", "a\n[a]"},
                                           RegexCase{"(?<=a|bc)d", "adbcd", "a[d]bc[d]"},
                                           RegexCase{"(?<!a)b", "ab b", "ab [b]"}));

INSTANTIATE_TEST_SUITE_P(
    Repeats, Expression,
    ::testing::Values(RegexCase{"a*", "baa", "[]b[aa]"}, RegexCase{"a*?", "aa", "[]a[]a[]"},
                      RegexCase{"a{,2}", "aaa", "[aa][a]"},
                      RegexCase{"a{2}?b", "ab b aab", "a[b] [b] [aab]"},
                      RegexCase{"a{1,2}+b", "aaab", "[aaab]"}, RegexCase{"a++ab", "aab", "aab"},
                      RegexCase{"a{x}", "a{x}", "[a{x}]"}, RegexCase{"(?>a+)ab", "aab", "aab"},
                      RegexCase{"(?:a|ab)(?:c|b)", "abc", "[ab]c"},
                      RegexCase{"a|b|", "ab", "[a][b]"}, RegexCase{"", "ab", "[]a[]b[]"}));

INSTANTIATE_TEST_SUITE_P(
    Sets, Expression,
    ::testing::Values(RegexCase{".", "a\n", "[a]\n"}, RegexCase{"(?m:.)", "a\n", "[a][\n]"},
                      RegexCase{R"(\R)", "\r\n\n\u2028", "[\r\n][\n][\u2028]"},
                      RegexCase{R"(\h+)", "xFaz", "x[Fa]z"},
                      RegexCase{R"(\w+)", "a\u00bd", "[a\u00bd]"},
                      RegexCase{R"([\w]+)", "a\u00bd", "[a]\u00bd"},
                      RegexCase{"[a-w&&[^c-g]z]+", "abcz", "[ab]cz"},
                      RegexCase{"[]a]+", "]a[", "[]a]["}, RegexCase{"[a-c-e]+", "b-ed", "[b-e]d"},
                      RegexCase{"[^a[^b]]", "ab", "a[b]"}, RegexCase{"[[:^alpha:]]", "a1", "a[1]"},
                      RegexCase{"[[:punct:]]+", "a.$b", "a[.$]b"},
                      RegexCase{R"(\p{Punct}+)", "a.$b", "a[.]$b"},
                      RegexCase{R"(\p{^Greek}+)", "a\u03b1", "[a]\u03b1"},
                      RegexCase{R"(\p{Uppercase Letter})", "aB", "a[B]"},
                      RegexCase{R"([\x41\x{e9}\u4e00\103]+)", "A\u00e9\u4e00C", "[A\u00e9\u4e00C]"},
                      RegexCase{R"(\p{Han}+)", "\u4e00\u3042", "[\u4e00]\u3042"}));

INSTANTIATE_TEST_SUITE_P(
    Groups, Expression,
    ::testing::Values(RegexCase{R"((.)\1)", "aabcc", "[aa]b[cc]"},
                      RegexCase{R"((?<x>\w)-\k<x>)", "a-a a-b", "[a-a] a-b"},
                      RegexCase{"a(?i)B|H", "ab aH h", "[ab] [aH] h"},
                      RegexCase{"(?x) a b # c", "ab", "[ab]"}, RegexCase{"a(?#x)+", "aa", "[aa]"},
                      RegexCase{"(?i:k)", "k K \u212a", "[k] [K] [\u212a]"},
                      RegexCase{"(?i:ss)", "Ss \u00df \u1e9e", "[Ss] [\u00df] [\u1e9e]"},
                      RegexCase{"(?i:\u00df)", "Ss \u00df", "[Ss] [\u00df]"},
                      RegexCase{"(?i:ffi)", "FFI \ufb03 \ufb00i", "[FFI] [\ufb03] [\ufb00i]"},
                      RegexCase{"(?i)[^a]", "aAb", "aA[b]"}));

struct Refusal {
  std::string expression;
  std::string reason;
};

class RefusedExpression : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedExpression, SaysWhereAndWhy) {
  std::string json = R"({"pre_tokenizer":{"type":"Split","behavior":"Isolated","invert":false,
      "pattern":{"Regex":")";
  for (const char c : GetParam().expression)
    json += c == '\\' ? std::string("\\\\") : std::string(1, c);
  json += R"("}},"model":{"type":"WordLevel","vocab":{},"unk_token":"u"}})";
  try {
    Tokenizer::LoadText(json, "file.json");
    FAIL() << "loads";
  } catch (const LoadError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("file.json: pre_tokenizer: pattern: Regex"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr(GetParam().reason));
  }
}

std::string Repeated(const std::string& unit, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += unit;
  return result;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedExpression,
    ::testing::Values(
        Refusal{"(", "its ')'"}, Refusal{"a)", "without its '('"}, Refusal{"[a", "too early"},
        Refusal{"[]", "empty"}, Refusal{"*", "quantifier"}, Refusal{"^*", "repeated"},
        Refusal{"[b-a]", "range"}, Refusal{"\\p{Klingon}", "Klingon"}, Refusal{"\\1", "group"},
        Refusal{"(?~a)", "not supported"}, Refusal{"\\X", "\\X"}, Refusal{"\\g<1>", "\\g"},
        Refusal{"(*FAIL)", "callout"}, Refusal{"(?<=a+)b", "PCRE2"},
        Refusal{"(?<=a{256})b", "256 characters behind"}, Refusal{"\\xff", "byte"},
        Refusal{"\\x{d800}", "no character"}, Refusal{"a{70000}", "repetitions"},
        Refusal{"(?<a>x)(?<a>y)", "same name"}, Refusal{"\\", "too early"},
        Refusal{"(?:(?:(?:a{1,9}b){999}){999}){999}", "beyond bounds"},
        Refusal{Repeated("a", 1 << 20), "1048576 bytes"}, Refusal{Repeated("(", 5000), "nested"},
        Refusal{Repeated("[", 5000), "nested"},
        Refusal{"(?i)" + Repeated("k", 60000), "ignores case"},
        Refusal{"(?i)" + Repeated("f", 100), "too many ways"},
        Refusal{"a" + Repeated("+", 5000), "in a row"}));

// Whatever the text, a search ends, and soon: with its matches or with an error.
struct Hostile {
  std::string expression;
  std::string text;
  bool fails;
};

class HostileText : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileText, Ends) {
  std::vector<ByteRange> matches;
  const Result<void> done =
      TextPattern::ForExpression(GetParam().expression)->FindAll(GetParam().text, matches);
  EXPECT_EQ(!done, GetParam().fails) << GetParam().expression;
  if (!done) {
    EXPECT_EQ(done.error().kind, ErrorKind::kTokenizer);
    EXPECT_THAT(done.error().message, ::testing::HasSubstr("too many steps"));
  }
}

constexpr std::size_t kLong = std::size_t{1} << 18;

INSTANTIATE_TEST_SUITE_P(
    Table, HostileText,
    ::testing::Values(
        Hostile{"(?:a+)+$", Repeated("a", 40) + "b", true},
        Hostile{"(?:a|aa)+$", Repeated("a", 60) + "b", true},
        Hostile{"(a*)*b", Repeated("a", 60), true},
        Hostile{"(.*)\\1b", Repeated("a", 1 << 14), true},
        Hostile{"a+b", Repeated("a", kLong), false},  // the run is known to be hopeless
        Hostile{"a++b", Repeated("a", kLong), true}, Hostile{" ?a+b", Repeated("a", kLong), true},
        Hostile{"(?=a*b)a", Repeated("a", kLong), true},
        // Every character is one step, but one through all that follows.
        Hostile{"(?:(?=[^x]*x)a)+", Repeated("a", kLong) + "x", true},
        Hostile{"(?:(?=[^x]*+x)a)++", Repeated("a", kLong) + "x", true},
        Hostile{"(?:(?![^x]*y)a)+b", Repeated("a", kLong) + "x", true},
        Hostile{"a*?[^x]*+xc", Repeated("a", kLong) + "x", true},
        Hostile{"(?:[a-z]+ )+\\.", Repeated(Repeated("word ", 100) + ".", 200), false},
        Hostile{"(?:(?=[^x]{0,9}x)a)+", Repeated("aax", kLong), false},
        Hostile{"(?<=a{255})b", Repeated("a", 1 << 16), false},
        Hostile{"(?:ab)+", Repeated("ab", kLong), false},
        Hostile{"(?:a|b)+?c", Repeated("ab", 100) + "c", false},
        Hostile{"(?<!b)a", Repeated("a", kLong), false},
        Hostile{"\\b\\w", Repeated("a ", kLong), false},
        Hostile{R"(\s+(?!\S)|\s+|(?>\w+))", Repeated(" ", kLong) + "x", false}));

TEST(Regex, AFailureIsTheRequestsAlone) {
  const auto tokenizer = Tokenizer::LoadText(
      R"({"pre_tokenizer":{"type":"Split","behavior":"Isolated","invert":false,
          "pattern":{"Regex":"(?:a|aa)+$"}},
          "model":{"type":"WordLevel","vocab":{"u":0,"b":1},"unk_token":"u"}})",
      "file.json");
  Tokenizer::Scratch scratch;
  Encoding encoding;
  const Result<void> failed =
      tokenizer->Encode(Repeated("a", 60) + "b", EncodeOptions{}, scratch, encoding);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, ::testing::HasSubstr("(?:a|aa)+$"));
  ASSERT_TRUE(tokenizer->Encode("b", EncodeOptions{}, scratch, encoding));
  EXPECT_THAT(encoding.ids, ::testing::ElementsAre(1));
}

}  // namespace
}  // namespace embd
