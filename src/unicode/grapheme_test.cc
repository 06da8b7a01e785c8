#include "unicode/grapheme.h"

#include <gtest/gtest.h>

#include <string>

namespace embd::unicode {
namespace {

struct GraphemeCase {
  const char* name;
  std::string text;
  std::size_t length;
};

class Grapheme : public ::testing::TestWithParam<GraphemeCase> {};

TEST_P(Grapheme, Length) { EXPECT_EQ(GraphemeLength(GetParam().text), GetParam().length); }

INSTANTIATE_TEST_SUITE_P(
    Table, Grapheme,
    ::testing::Values(GraphemeCase{"letter", "ab", 1}, GraphemeCase{"mark", "e\u0301\u0302x", 5},
                      GraphemeCase{"line_break", "\r\nx", 2},
                      GraphemeCase{"newline_mark", "\n\u0301", 1},
                      GraphemeCase{"prepended", "\u0600a", 3},
                      GraphemeCase{"spacing_mark", "\u0915\u093ex", 6},
                      GraphemeCase{"syllable", "\u1112\u1161\u11abx", 9},
                      GraphemeCase{"open", "\uac00\u11a8\uac00", 6},
                      GraphemeCase{"family", "\U0001F468\u200d\U0001F469x", 11},
                      GraphemeCase{"joined_letter", "a\u200d\u00a9", 4},
                      GraphemeCase{"conjunct", "\u0915\u094d\u0937x", 9},
                      GraphemeCase{"no_conjunct", "\u0915\u0937", 3}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace embd::unicode
