#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/patterns/char_set.h"

namespace embd {

// `set` and every character that equals one of its characters without case.
CharSet WithOtherCases(const CharSet& set);

// `text` with each character replaced by the one or more that stand for all its cases.
std::u32string FoldCase(std::u32string_view text);

// A way to match the start of a folded text: with one character out of a set.
struct CaseMatch {
  std::size_t length;  // characters of the folded text
  CharSet set;
};

// All ways to match the start of `folded`, which is not empty; the one of length 1 comes first.
std::vector<CaseMatch> CaseMatches(std::u32string_view folded);

// The folded texts, of two or three characters, that characters of `set` equal without case.
std::vector<std::u32string> CaseStringsOf(const CharSet& set);

}  // namespace embd
