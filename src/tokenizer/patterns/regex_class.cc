#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "tokenizer/patterns/named_sets.h"
#include "tokenizer/patterns/regex_case.h"
#include "tokenizer/patterns/regex_parser.h"

namespace embd {
namespace {

constexpr int kMaxClassDepth = 50;
// Ways to spell a text without case; only texts made to have many have more.
constexpr std::size_t kMaxFoldings = 64;

}  // namespace

RegexParser::Atom RegexParser::ParseClass() {
  CharClass parsed = ParseClassBody(kMaxClassDepth);
  if (!options_.ignore_case) {
    return {.node = SetNode(parsed.negated ? parsed.set.Complement() : std::move(parsed.set))};
  }
  CountCaseless(1);
  // Case is ignored before the negation. What equals a string only counts without a negation.
  const std::vector<std::u32string> strings = CaseStringsOf(parsed.set);
  CharSet set = WithOtherCases(parsed.set);
  if (parsed.negated) return {.node = SetNode(set.Complement())};
  if (strings.empty()) return {.node = SetNode(std::move(set))};
  RegexNode node{.kind = Kind::kAlternation};
  node.children.push_back(SetNode(std::move(set)));
  for (const std::u32string& string : strings) {
    RegexNode sequence;
    for (const char32_t c : string) {
      sequence.children.push_back(SetNode(WithOtherCases({c, c})));
    }
    node.children.push_back(std::move(sequence));
  }
  return {.node = std::move(node)};
}

RegexParser::CharClass RegexParser::ParseClassBody(int levels) {
  if (levels == 0) Fail("character classes nested too deeply");
  CharClass result;
  result.negated = Accept('^');
  CharSet set;
  std::optional<CharSet> intersection;
  std::optional<char32_t> last;  // may begin a range
  const auto intersect = [&] {
    intersection = intersection ? intersection->Intersection(set) : std::move(set);
    set = {};
    last.reset();
  };
  // A ']' in the first place is an ordinary character when another one follows.
  if (Next(']')) {
    if (text_.find(U']', at_ + 1) == std::u32string::npos) Fail("an empty character class");
    last = Take();
    set.Add(*last, *last);
  }
  while (!Accept(']')) {
    if (Accept(U"&&")) {
      intersect();
    } else {
      ParseClassItem(set, last, levels);
    }
  }
  intersect();
  result.set = *std::move(intersection);
  return result;
}

void RegexParser::ParseClassItem(CharSet& set, std::optional<char32_t>& last, int levels) {
  const auto add_set = [&](const CharSet& added) {
    set.Add(added);
    last.reset();
  };
  if (Next('[')) {
    if (const std::optional<CharSet> posix = ParsePosixClass()) return add_set(*posix);
    Take();
    const CharClass inner = ParseClassBody(levels - 1);
    return add_set(inner.negated ? inner.set.Complement() : inner.set);
  }
  if (Accept('\\')) {
    if (const std::optional<CharSet> escaped = ParseSetEscape(/*in_class=*/true))
      return add_set(*escaped);
    --at_;
  }
  const bool range_follows = last && Next('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']' &&
                             std::u32string_view(text_).substr(at_ + 1, 2) != U"&&";
  if (!range_follows) {
    last = ParseClassChar();
    set.Add(*last, *last);
    return;
  }
  Take();
  if (Next('[')) Fail("a range that ends in a character class");
  const char32_t end = ParseClassChar();
  if (end < *last) Fail("a range that ends before it begins");
  set.Add(*last, end);
  last.reset();
}

char32_t RegexParser::ParseClassChar() {
  const char32_t c = Take();
  if (c != '\\') return c;
  if (Accept('b')) return '\b';
  if (ParseSetEscape(/*in_class=*/true)) Fail("a range that ends in a set of characters");
  if (Next('R') || Next('X')) Fail("an operator in a character class");
  return ParseCharEscape();
}

std::optional<CharSet> RegexParser::ParsePosixClass() {
  const std::size_t begin = at_;
  if (!Accept(U"[:")) return std::nullopt;
  const bool negated = Accept('^');
  std::string name;
  while (!AtEnd() && text_[at_] >= 'a' && text_[at_] <= 'z') name += static_cast<char>(Take());
  if (Accept(U":]")) {
    if (std::optional<CharSet> set = FindPosixSet(name)) return negated ? set->Complement() : set;
  }
  at_ = begin;
  return std::nullopt;
}

RegexNode RegexParser::LiteralNode(std::u32string_view text) {
  if (options_.ignore_case) {
    CountCaseless(text.size());
    return FoldedNode(FoldCase(text));
  }
  if (text.size() == 1) return SetNode({text[0], text[0]});
  RegexNode sequence;
  for (const char32_t c : text) sequence.children.push_back(SetNode({c, c}));
  return sequence;
}

RegexNode RegexParser::FoldedNode(std::u32string_view folded) {
  // Cut where no way to match a piece reaches over the cut; then list the ways to match each part.
  RegexNode sequence;
  while (!folded.empty()) {
    std::size_t end = 1;
    for (std::size_t at = 0; at < end; ++at) {
      for (const CaseMatch& match : CaseMatches(folded.substr(at))) {
        end = std::max(end, at + match.length);
      }
    }
    RegexNode ways{.kind = Kind::kAlternation};
    std::vector<RegexNode> path;
    AddFoldings(folded.substr(0, end), path, ways);
    sequence.children.push_back(ways.children.size() == 1 ? std::move(ways.children[0])
                                                          : std::move(ways));
    folded.remove_prefix(end);
  }
  if (sequence.children.size() != 1) return sequence;
  RegexNode only = std::move(sequence.children[0]);
  return only;
}

void RegexParser::AddFoldings(std::u32string_view folded, std::vector<RegexNode>& path,
                              RegexNode& out) {
  if (folded.empty()) {
    if (out.children.size() == kMaxFoldings) {
      Fail("a text that can be spelled in too many ways where case is ignored");
    }
    out.children.push_back(path.size() == 1 ? path[0] : RegexNode{.children = path});
    return;
  }
  for (CaseMatch& match : CaseMatches(folded)) {
    path.push_back(SetNode(std::move(match.set)));
    AddFoldings(folded.substr(match.length), path, out);
    path.pop_back();
  }
}

}  // namespace embd
