#pragma once

#include <cstddef>
#include <string_view>

#include "tokenizer/patterns/char_set.h"

// Raw tables of regex_tables.cc, which tools/regex_generate_tables.py writes. Use named_sets.h and
// regex_case.h instead.
namespace embd::regex_tables {

struct NamedSet {
  std::string_view name;  // lower case, without '_'
  std::size_t first;      // its ranges in kRanges
  std::size_t count;
};

// A character that without case equals the two or three characters `folded`; the rest is zero.
struct CaseString {
  char32_t character;
  char32_t folded[3];
};

extern const CharRange kRanges[];
extern const NamedSet kNamedSets[];  // in order of names
extern const std::size_t kNamedSetCount;
// Groups of characters that equal each other without case, each followed by a 0.
extern const char32_t kCaseGroups[];
extern const std::size_t kCaseGroupsSize;
extern const CaseString kCaseStrings[];
extern const std::size_t kCaseStringCount;

}  // namespace embd::regex_tables
