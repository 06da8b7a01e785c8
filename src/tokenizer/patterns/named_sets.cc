#include "tokenizer/patterns/named_sets.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

#include "tokenizer/patterns/regex_tables.h"
#include "unicode/char_properties.h"

namespace embd {
namespace {

using unicode::Category;

struct CategoryName {
  std::string_view name;
  Category first;  // a category, or a run of them
  Category last;
};

// Both spellings of each general category, and of the groups of them.
constexpr CategoryName kCategoryNames[] = {
    {"casedletter", Category::kLu, Category::kLt},
    {"cc", Category::kCc, Category::kCc},
    {"cf", Category::kCf, Category::kCf},
    {"closepunctuation", Category::kPe, Category::kPe},
    {"cn", Category::kUnassigned, Category::kUnassigned},
    {"cntrl", Category::kCc, Category::kCc},
    {"co", Category::kCo, Category::kCo},
    {"combiningmark", Category::kMn, Category::kMe},
    {"connectorpunctuation", Category::kPc, Category::kPc},
    {"control", Category::kCc, Category::kCc},
    {"cs", Category::kCs, Category::kCs},
    {"currencysymbol", Category::kSc, Category::kSc},
    {"dashpunctuation", Category::kPd, Category::kPd},
    {"decimalnumber", Category::kNd, Category::kNd},
    {"digit", Category::kNd, Category::kNd},
    {"enclosingmark", Category::kMe, Category::kMe},
    {"finalpunctuation", Category::kPf, Category::kPf},
    {"format", Category::kCf, Category::kCf},
    {"initialpunctuation", Category::kPi, Category::kPi},
    {"l", Category::kLu, Category::kLo},
    {"lc", Category::kLu, Category::kLt},
    {"letter", Category::kLu, Category::kLo},
    {"letternumber", Category::kNl, Category::kNl},
    {"lineseparator", Category::kZl, Category::kZl},
    {"ll", Category::kLl, Category::kLl},
    {"lm", Category::kLm, Category::kLm},
    {"lo", Category::kLo, Category::kLo},
    {"lowercaseletter", Category::kLl, Category::kLl},
    {"lt", Category::kLt, Category::kLt},
    {"lu", Category::kLu, Category::kLu},
    {"m", Category::kMn, Category::kMe},
    {"mark", Category::kMn, Category::kMe},
    {"mathsymbol", Category::kSm, Category::kSm},
    {"mc", Category::kMc, Category::kMc},
    {"me", Category::kMe, Category::kMe},
    {"mn", Category::kMn, Category::kMn},
    {"modifierletter", Category::kLm, Category::kLm},
    {"modifiersymbol", Category::kSk, Category::kSk},
    {"n", Category::kNd, Category::kNo},
    {"nd", Category::kNd, Category::kNd},
    {"nl", Category::kNl, Category::kNl},
    {"no", Category::kNo, Category::kNo},
    {"nonspacingmark", Category::kMn, Category::kMn},
    {"number", Category::kNd, Category::kNo},
    {"openpunctuation", Category::kPs, Category::kPs},
    {"otherletter", Category::kLo, Category::kLo},
    {"othernumber", Category::kNo, Category::kNo},
    {"otherpunctuation", Category::kPo, Category::kPo},
    {"othersymbol", Category::kSo, Category::kSo},
    {"p", Category::kPc, Category::kPo},
    {"paragraphseparator", Category::kZp, Category::kZp},
    {"pc", Category::kPc, Category::kPc},
    {"pd", Category::kPd, Category::kPd},
    {"pe", Category::kPe, Category::kPe},
    {"pf", Category::kPf, Category::kPf},
    {"pi", Category::kPi, Category::kPi},
    {"po", Category::kPo, Category::kPo},
    {"privateuse", Category::kCo, Category::kCo},
    {"ps", Category::kPs, Category::kPs},
    {"punct", Category::kPc, Category::kPo},
    {"punctuation", Category::kPc, Category::kPo},
    {"s", Category::kSm, Category::kSo},
    {"sc", Category::kSc, Category::kSc},
    {"separator", Category::kZs, Category::kZp},
    {"sk", Category::kSk, Category::kSk},
    {"sm", Category::kSm, Category::kSm},
    {"so", Category::kSo, Category::kSo},
    {"spaceseparator", Category::kZs, Category::kZs},
    {"spacingmark", Category::kMc, Category::kMc},
    {"symbol", Category::kSm, Category::kSo},
    {"titlecaseletter", Category::kLt, Category::kLt},
    {"unassigned", Category::kUnassigned, Category::kUnassigned},
    {"uppercaseletter", Category::kLu, Category::kLu},
    {"z", Category::kZs, Category::kZp},
    {"zl", Category::kZl, Category::kZl},
    {"zp", Category::kZp, Category::kZp},
    {"zs", Category::kZs, Category::kZs},
};

CharSet Categories(Category first, Category last) {
  return CharSet::Where([=](char32_t c) {
    const Category category = unicode::CategoryOf(unicode::CharFlags(c));
    return first <= category && category <= last;
  });
}

CharSet WithFlag(std::uint32_t flag) {
  return CharSet::Where([flag](char32_t c) { return (unicode::CharFlags(c) & flag) != 0; });
}

CharSet Union(CharSet a, const CharSet& b) {
  a.Add(b);
  return a;
}

CharSet TableSet(std::string_view name) {
  using regex_tables::NamedSet;
  const std::span<const NamedSet> sets(regex_tables::kNamedSets, regex_tables::kNamedSetCount);
  const auto found = std::lower_bound(
      sets.begin(), sets.end(), name,
      [](const NamedSet& set, std::string_view wanted) { return set.name < wanted; });
  CharSet result;
  if (found != sets.end() && found->name == name) {
    result.Add(std::span(regex_tables::kRanges + found->first, found->count));
  }
  return result;
}

CharSet Assigned() { return Categories(Category::kUnassigned, Category::kUnassigned).Complement(); }

CharSet Other() {
  return Union(Categories(Category::kCc, Category::kCo),
               Categories(Category::kUnassigned, Category::kUnassigned));
}

CharSet Graph() {
  CharSet blank = WithFlag(unicode::kWhitespace);
  blank.Add(Categories(Category::kCc, Category::kCc));
  blank.Add(Categories(Category::kCs, Category::kCs));
  blank.Add(Categories(Category::kUnassigned, Category::kUnassigned));
  return blank.Complement();
}

struct OtherName {
  std::string_view name;
  CharSet (*make)();
};

constexpr OtherName kOtherNames[] = {
    {"alnum",
     [] {
       return Union(WithFlag(unicode::kAlphabetic), Categories(Category::kNd, Category::kNd));
     }},
    {"alpha", [] { return WithFlag(unicode::kAlphabetic); }},
    {"alphabetic", [] { return WithFlag(unicode::kAlphabetic); }},
    {"any", CharSet::All},
    {"ascii", [] { return CharSet(0, 0x7F); }},
    {"assigned", Assigned},
    {"blank",
     [] {
       return Union({'\t', '\t'}, Categories(Category::kZs, Category::kZs));
     }},
    {"c", Other},
    {"graph", Graph},
    {"lower", [] { return TableSet("lowercase"); }},
    {"other", Other},
    {"print", [] { return Union(Graph(), Categories(Category::kZs, Category::kZs)); }},
    {"space", [] { return WithFlag(unicode::kWhitespace); }},
    {"upper", [] { return TableSet("uppercase"); }},
    {"whitespace", [] { return WithFlag(unicode::kWhitespace); }},
    {"word", WordChars},
    {"wspace", [] { return WithFlag(unicode::kWhitespace); }},
    {"xdigit", HexDigitChars},
};

}  // namespace

std::optional<CharSet> FindNamedSet(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  for (const OtherName& other : kOtherNames) {
    if (other.name == plain) return other.make();
  }
  for (const CategoryName& category : kCategoryNames) {
    if (category.name == plain) return Categories(category.first, category.last);
  }
  CharSet found = TableSet(plain);
  if (found.empty()) return std::nullopt;
  return found;
}

std::optional<CharSet> FindPosixSet(std::string_view name) {
  constexpr std::string_view kNames[] = {"alnum", "alpha", "ascii", "blank", "cntrl",
                                         "digit", "graph", "lower", "print", "space",
                                         "upper", "word",  "xdigit"};
  if (name == "punct") {
    return Union(Categories(Category::kPc, Category::kPo),
                 Categories(Category::kSm, Category::kSo));
  }
  const bool known = std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
  return known ? FindNamedSet(name) : std::nullopt;
}

CharSet WordChars() { return WithFlag(unicode::kRegexWord); }

CharSet LoneWordChars() {
  CharSet set = WordChars();
  for (const char32_t c : U"\u00b2\u00b3\u00b9\u00bc\u00bd\u00be") {
    if (c != 0) set.Add(c, c);
  }
  return set;
}

CharSet SpaceChars() { return WithFlag(unicode::kRegexSpace); }
CharSet DigitChars() { return Categories(Category::kNd, Category::kNd); }

CharSet HexDigitChars() {
  CharSet set('0', '9');
  set.Add('A', 'F');
  set.Add('a', 'f');
  return set;
}

}  // namespace embd
