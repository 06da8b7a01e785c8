#include "tokenizer/patterns/regex_case.h"

#include <algorithm>
#include <span>

#include "tokenizer/patterns/regex_tables.h"

namespace embd {
namespace {

using regex_tables::CaseString;

std::span<const CaseString> CaseStrings() {
  return {regex_tables::kCaseStrings, regex_tables::kCaseStringCount};
}

std::u32string_view Folded(const CaseString& string) {
  return {string.folded, string.folded[2] == 0 ? std::size_t{2} : std::size_t{3}};
}

// Calls `use(group)` for each group of characters that equal each other.
template <typename Use>
void ForEachGroup(Use use) {
  std::u32string_view rest(regex_tables::kCaseGroups, regex_tables::kCaseGroupsSize);
  while (!rest.empty()) {
    const std::size_t size = rest.find(U'\0');
    use(rest.substr(0, size));
    rest.remove_prefix(size + 1);
  }
}

}  // namespace

CharSet WithOtherCases(const CharSet& set) {
  std::vector<CharRange> others;
  ForEachGroup([&](std::u32string_view group) {
    if (std::any_of(group.begin(), group.end(), [&](char32_t c) { return set.Contains(c); })) {
      for (const char32_t c : group) others.push_back({c, c});
    }
  });
  CharSet result = set;
  result.Add(others);
  return result;
}

std::u32string FoldCase(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) {
    const auto strings = CaseStrings();
    const auto string = std::find_if(strings.begin(), strings.end(),
                                     [c](const CaseString& s) { return s.character == c; });
    if (string != strings.end()) {
      result += Folded(*string);
      continue;
    }
    char32_t folded = c;
    ForEachGroup([&](std::u32string_view group) {
      if (group.find(c) != std::u32string_view::npos) folded = group[0];
    });
    result += folded;
  }
  return result;
}

std::vector<CaseMatch> CaseMatches(std::u32string_view folded) {
  std::vector<CaseMatch> matches = {{1, WithOtherCases({folded[0], folded[0]})}};
  for (std::size_t length = 2; length <= std::min<std::size_t>(3, folded.size()); ++length) {
    CharSet set;
    for (const CaseString& string : CaseStrings()) {
      if (Folded(string) == folded.substr(0, length)) set.Add(string.character, string.character);
    }
    if (!set.empty()) matches.push_back({length, std::move(set)});
  }
  return matches;
}

std::vector<std::u32string> CaseStringsOf(const CharSet& set) {
  std::vector<std::u32string> result;
  for (const CaseString& string : CaseStrings()) {
    if (set.Contains(string.character)) result.emplace_back(Folded(string));
  }
  return result;
}

}  // namespace embd
