#include <fmt/core.h>

#include <utility>

#include "tokenizer/patterns/named_sets.h"
#include "tokenizer/patterns/regex_parser.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

int DigitValue(char32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return 16;
}

template <typename... Children>
RegexNode Node(RegexNode::Kind kind, Children... children) {
  RegexNode node{.kind = kind};
  (node.children.push_back(std::move(children)), ...);
  return node;
}

}  // namespace

RegexParser::Atom RegexParser::ParseEscape() {
  if (std::optional<CharSet> set = ParseSetEscape(/*in_class=*/false)) {
    return {.node = SetNode(*std::move(set))};
  }
  switch (const char32_t c = Take()) {
    case 'b':
    case 'B':
      return {.node = WordBoundary(/*negated=*/c == 'B'), .repeatable = false};
    case 'A':
      return {.node = {.kind = Kind::kTextBegin}, .repeatable = false};
    case 'z':
      return {.node = {.kind = Kind::kTextEnd}, .repeatable = false};
    case 'Z':
      return {.node = LineEnd(/*only_last=*/true), .repeatable = false};
    case 'N':
      return {.node = SetNode(CharSet('\n', '\n').Complement())};
    case 'O':
      return {.node = SetNode(CharSet::All())};
    case 'R':
      return {.node = Newline()};
    case 'G':
    case 'K':
    case 'X':
    case 'y':
    case 'Y':
    case 'g':
      Fail(fmt::format("the operator \\{} is not supported", static_cast<char>(c)));
    case 'k':
      return ParseNamedReference();
    default:
      --at_;
      if (const std::optional<std::uint32_t> group = ParseGroupNumber()) {
        refers_by_number_ = true;
        return ParseReference("a reference to a group that is not there", *group);
      }
      return {.literal = ParseCharEscape()};
  }
}

std::optional<std::uint32_t> RegexParser::ParseGroupNumber() {
  const std::size_t begin = at_;
  if (Next('0')) return std::nullopt;
  const std::optional<std::uint32_t> number = ParseCount();
  // A larger number without its group is that of a character.
  if (number && (*number <= 9 || *number <= captures_)) return number;
  at_ = begin;
  return std::nullopt;
}

RegexParser::Atom RegexParser::ParseReference(std::string_view what, std::uint32_t group) {
  if (group == 0 || group > captures_) Fail(what);
  if (options_.ignore_case) Fail("a reference to a group is not supported where case is ignored");
  tree_.has_references = true;
  return {.node = {.kind = Kind::kReference, .value = group}};
}

RegexParser::Atom RegexParser::ParseNamedReference() {
  const char32_t opening = Take();
  if (opening != '<' && opening != '\'') Fail("a \\k without a name");
  const char32_t closing = opening == '<' ? U'>' : U'\'';
  if (const std::optional<std::uint32_t> number = ParseCount()) {
    if (!Accept(closing)) Fail("a reference with a level is not supported");
    refers_by_number_ = true;
    return ParseReference("a reference to a group that is not there", *number);
  }
  std::u32string name;
  while (!Next(closing)) name += Take();
  Take();
  const auto found = names_.find(name);
  return ParseReference("a reference to a name that is not there, or relative",
                        found == names_.end() ? 0 : found->second);
}

const CharSet& RegexParser::Words(bool in_class) {
  return in_class ? Cached("\\w", WordChars) : Cached("lone \\w", LoneWordChars);
}

std::optional<CharSet> RegexParser::ParseSetEscape(bool in_class) {
  const char32_t c = Take();
  switch (c) {
    case 'w':
      return Words(in_class);
    case 'W':
      return Words(in_class).Complement();
    case 's':
      return Cached("\\s", SpaceChars);
    case 'S':
      return Cached("\\s", SpaceChars).Complement();
    case 'd':
      return Cached("\\d", DigitChars);
    case 'D':
      return Cached("\\d", DigitChars).Complement();
    case 'h':
      return HexDigitChars();
    case 'H':
      return HexDigitChars().Complement();
    case 'p':
    case 'P':
      if (Accept('{')) return ParseProperty(/*negated=*/c == 'P', in_class);
      break;
    default:
      break;
  }
  --at_;
  return std::nullopt;
}

CharSet RegexParser::ParseProperty(bool negated, bool in_class) {
  if (Accept('^')) negated = !negated;
  std::string name;
  while (!Next('}')) unicode::Append(name, Take());
  auto set = cache_.find(name);
  if (set == cache_.end()) {
    std::optional<CharSet> found = FindNamedSet(name);
    if (!found) Fail(fmt::format("the property \"{}\" is not known", name.substr(0, 64)));
    set = cache_.emplace(name, *std::move(found)).first;
  }
  Take();
  const bool word = set->second == Words(/*in_class=*/true);
  const CharSet& chars = word ? Words(in_class) : set->second;
  return negated ? chars.Complement() : chars;
}

char32_t RegexParser::ParseCharEscape() {
  const char32_t c = Take();
  switch (c) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'f':
      return '\f';
    case 'a':
      return '\a';
    case 'e':
      return 0x1B;
    case 'v':
      return '\v';
    case 'x':
      return Accept('{') ? ParseBraced(16) : Checked(ParseHex(1, 2), /*is_byte=*/true);
    case 'u':
      return Checked(ParseHex(4, 4), /*is_byte=*/false);
    case 'o':
      return Accept('{') ? ParseBraced(8) : c;
    case 'c':
      return ParseControl();
    case 'C':
      return Accept('-') ? ParseControl() : c;
    case 'M':
      Fail("a meta character is not supported; write \\x{...}");
    default:
      break;
  }
  if (c < '0' || c > '7') return c;
  char32_t code = c - '0';
  for (int i = 0; i < 2 && !AtEnd() && text_[at_] >= '0' && text_[at_] <= '7'; ++i) {
    code = code * 8 + (Take() - '0');
  }
  return Checked(code, /*is_byte=*/true);
}

char32_t RegexParser::ParseControl() {
  const char32_t c = Take();
  if (c == '\\' || c > 0x7F) Fail("a control character that is none");
  return c == '?' ? 0x7F : c & 0x1F;
}

char32_t RegexParser::ParseHex(std::size_t min_digits, std::size_t max_digits) {
  char32_t code = 0;
  std::size_t digits = 0;
  for (; digits < max_digits && !AtEnd() && DigitValue(text_[at_]) < 16; ++digits) {
    code = code * 16 + static_cast<char32_t>(DigitValue(Take()));
  }
  if (digits < min_digits) Fail("a character's number with too few digits");
  return code;
}

char32_t RegexParser::ParseBraced(std::uint32_t base) {
  char32_t code = 0;
  std::size_t digits = 0;
  for (; !Next('}'); ++digits) {
    const auto digit = static_cast<std::uint32_t>(DigitValue(Take()));
    if (digit >= base || digits == 11) Fail("a character's number is malformed, or several");
    code = code > kLastChar ? code : code * base + digit;
  }
  Take();
  if (digits == 0) Fail("a character's number with too few digits");
  return Checked(code, /*is_byte=*/false);
}

char32_t RegexParser::Checked(char32_t code, bool is_byte) const {
  if (is_byte && code > 0x7F) {
    Fail("a byte of a character is not supported; write the character as \\x{...}");
  }
  if (code > kLastChar || (code >= 0xD800 && code <= 0xDFFF)) {
    Fail("a number that is no character's");
  }
  return code;
}

RegexNode RegexParser::WordBoundary(bool negated) {
  const CharSet& word = Words(/*in_class=*/false);
  RegexNode begins = Node(Kind::kSequence, LookNode(Kind::kNotLookbehind, word),
                          LookNode(negated ? Kind::kNotLookahead : Kind::kLookahead, word));
  RegexNode ends = Node(Kind::kSequence, LookNode(Kind::kLookbehind, word),
                        LookNode(negated ? Kind::kLookahead : Kind::kNotLookahead, word));
  return Node(Kind::kAlternation, std::move(begins), std::move(ends));
}

RegexNode RegexParser::LineBegin() {
  // A line break at the very end begins no line.
  RegexNode line = Node(Kind::kSequence, LookNode(Kind::kLookbehind, {'\n', '\n'}),
                        LookNode(Kind::kLookahead, CharSet::All()));
  return Node(Kind::kAlternation, RegexNode{.kind = Kind::kTextBegin}, std::move(line));
}

RegexNode RegexParser::LineEnd(bool only_last) {
  RegexNode end{.kind = Kind::kTextEnd};
  if (!only_last) {
    return Node(Kind::kAlternation, LookNode(Kind::kLookahead, {'\n', '\n'}), std::move(end));
  }
  RegexNode last = Node(Kind::kSequence, SetNode({'\n', '\n'}), RegexNode{.kind = Kind::kTextEnd});
  return Node(Kind::kAlternation, std::move(end), Node(Kind::kLookahead, std::move(last)));
}

RegexNode RegexParser::Newline() {
  CharSet breaks('\n', '\r');
  breaks.Add(0x85, 0x85);
  breaks.Add(0x2028, 0x2029);
  RegexNode both = Node(Kind::kSequence, SetNode({'\r', '\r'}), SetNode({'\n', '\n'}));
  return Node(Kind::kAtomic, Node(Kind::kAlternation, std::move(both), SetNode(std::move(breaks))));
}

}  // namespace embd
