#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/patterns/regex_tree.h"

namespace embd {

// Reads one expression; ParseRegex is its door. The syntax is described in Oniguruma's doc/RE.
class RegexParser {
 public:
  explicit RegexParser(std::string_view expression);
  RegexTree Parse();

 private:
  using Kind = RegexNode::Kind;

  struct Options {
    bool ignore_case = false;
    bool dot_all = false;
    bool extended = false;
  };
  // An atom is a literal character, or a node. Anchors and look-around cannot be repeated.
  struct Atom {
    std::optional<char32_t> literal = std::nullopt;
    RegexNode node = {};
    bool repeatable = true;
  };
  // A character class: `set` or everything but it.
  struct CharClass {
    CharSet set;
    bool negated = false;
  };
  struct Quantifier {
    std::uint32_t min = 0;
    std::uint32_t max = 0;
    RegexNode::Mode mode = RegexNode::Mode::kGreedy;
  };

  // regex_parser.cc: structure
  RegexNode ParseAlternation(int depth);
  RegexNode ParseSequence(int depth);
  Atom ParseAtom(int depth);
  Atom ParseGroup(int depth);
  Atom ParseGroupEnd(Kind kind, int depth);
  Atom ParseNamedGroup(char32_t closing, int depth);
  Atom ParseCapture(int depth);
  // (?imx-imx) and (?imx-imx:...)
  Atom ParseOptions(int depth);
  std::optional<Quantifier> ParseQuantifier();
  // {n,m} at the cursor; nothing, and the cursor unmoved, when it is not one.
  std::optional<Quantifier> ParseInterval();
  std::optional<std::uint32_t> ParseCount();
  void SkipIgnored();

  // regex_escape.cc: backslashes
  Atom ParseEscape();
  Atom ParseReference(std::string_view what, std::uint32_t group);
  Atom ParseNamedReference();
  // The number of a group; nothing, and the cursor unmoved, when there is none.
  std::optional<std::uint32_t> ParseGroupNumber();
  // The set that a letter after a backslash stands for (\w, \p{...}); the letter is consumed then.
  std::optional<CharSet> ParseSetEscape(bool in_class);
  const CharSet& Words(bool in_class);
  CharSet ParseProperty(bool negated, bool in_class);
  // The character that an escape in or outside a class stands for.
  char32_t ParseCharEscape();
  char32_t ParseControl();
  char32_t ParseHex(std::size_t min_digits, std::size_t max_digits);
  char32_t ParseBraced(std::uint32_t base);
  char32_t Checked(char32_t code, bool is_byte) const;

  // regex_class.cc: character classes and letter cases
  Atom ParseClass();
  // `levels`: how deep classes may still be nested.
  CharClass ParseClassBody(int levels);
  void ParseClassItem(CharSet& set, std::optional<char32_t>& last, int levels);
  std::optional<CharSet> ParsePosixClass();
  char32_t ParseClassChar();
  RegexNode LiteralNode(std::u32string_view text);
  RegexNode FoldedNode(std::u32string_view folded);
  void AddFoldings(std::u32string_view folded, std::vector<RegexNode>& path, RegexNode& out);

  // What `make` gives, made once for each name.
  const CharSet& Cached(std::string_view name, CharSet (*make)());
  // Counts what is costly to read where case is ignored.
  void CountCaseless(std::size_t count);
  RegexNode SetNode(CharSet set);
  RegexNode LookNode(Kind kind, CharSet set);
  RegexNode WordBoundary(bool negated);
  RegexNode LineBegin();
  RegexNode LineEnd(bool only_last);
  RegexNode Newline();

  bool AtEnd() const { return at_ == text_.size(); }
  bool Next(char32_t c) const { return !AtEnd() && text_[at_] == c; }
  bool Accept(char32_t c);
  bool Accept(std::u32string_view expected);
  char32_t Take();
  [[noreturn]] void Fail(std::string_view what) const;

  std::u32string text_;
  std::size_t at_ = 0;
  Options options_;
  std::uint32_t captures_ = 0;
  std::map<std::u32string, std::uint32_t> names_;
  bool refers_by_number_ = false;
  RegexTree tree_;
  std::map<CharSet, std::uint32_t> set_numbers_;
  std::map<std::string, CharSet, std::less<>> cache_;
  std::size_t caseless_ = 0;
};

}  // namespace embd
