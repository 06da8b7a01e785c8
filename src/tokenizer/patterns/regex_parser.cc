#include "tokenizer/patterns/regex_parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "unicode/utf8.h"

namespace embd {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 10;
constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxSets = 2048;
constexpr std::size_t kMaxCaseless = 4096;
constexpr std::uint32_t kMaxCount = 65535;  // what the general engine can count

bool IsDigit(char32_t c) { return c >= '0' && c <= '9'; }

}  // namespace

RegexTree ParseRegex(std::string_view expression) {
  if (expression.size() > kMaxBytes) {
    throw RegexError(
        fmt::format("it has {} bytes; at most {} are possible", expression.size(), kMaxBytes));
  }
  return RegexParser(expression).Parse();
}

RegexParser::RegexParser(std::string_view expression) {
  for (std::size_t at = 0; at < expression.size();) {
    const unicode::DecodedChar c = unicode::DecodeValid(expression.data() + at);
    text_ += c.scalar;
    at += c.length;
  }
}

RegexTree RegexParser::Parse() {
  tree_.root = ParseAlternation(0);
  if (!AtEnd()) Fail("a ')' without its '('");
  if (refers_by_number_ && !names_.empty()) Fail("a reference by number beside named groups");
  return std::move(tree_);
}

bool RegexParser::Accept(char32_t c) {
  if (!Next(c)) return false;
  ++at_;
  return true;
}

bool RegexParser::Accept(std::u32string_view expected) {
  if (std::u32string_view(text_).substr(at_, expected.size()) != expected) return false;
  at_ += expected.size();
  return true;
}

char32_t RegexParser::Take() {
  if (AtEnd()) Fail("its end comes too early");
  return text_[at_++];
}

void RegexParser::Fail(std::string_view what) const {
  throw RegexError(fmt::format("{} (before its character {})", what, at_ + 1));
}

RegexNode RegexParser::ParseAlternation(int depth) {
  if (depth > kMaxDepth) Fail(fmt::format("groups nested more than {} deep", kMaxDepth));
  const Options outer = options_;
  RegexNode node = ParseSequence(depth);
  if (Next('|')) {
    RegexNode first = std::move(node);
    node = {.kind = Kind::kAlternation};
    node.children.push_back(std::move(first));
    while (Accept('|')) node.children.push_back(ParseSequence(depth));
  }
  options_ = outer;
  return node;
}

RegexNode RegexParser::ParseSequence(int depth) {
  RegexNode sequence;
  std::u32string literals;
  const auto flush = [&] {
    if (!literals.empty()) sequence.children.push_back(LiteralNode(literals));
    literals.clear();
  };
  for (SkipIgnored(); !AtEnd() && !Next('|') && !Next(')'); SkipIgnored()) {
    Atom atom = ParseAtom(depth);
    SkipIgnored();
    std::optional<Quantifier> quantifier = ParseQuantifier();
    if (atom.literal && !quantifier) {
      literals += *atom.literal;
      continue;
    }
    flush();
    RegexNode node = atom.literal ? LiteralNode({&*atom.literal, 1}) : std::move(atom.node);
    if (quantifier && !atom.repeatable) Fail("an anchor or look-around is repeated");
    for (int repeats = 0; quantifier; quantifier = ParseQuantifier()) {
      if (++repeats > kMaxDepth) Fail("too many quantifiers in a row");
      RegexNode repeat{.kind = Kind::kRepeat,
                       .mode = quantifier->mode,
                       .min = quantifier->min,
                       .max = quantifier->max};
      repeat.children.push_back(std::move(node));
      node = std::move(repeat);
      SkipIgnored();
    }
    sequence.children.push_back(std::move(node));
  }
  flush();
  if (sequence.children.size() != 1) return sequence;
  RegexNode only = std::move(sequence.children[0]);
  return only;
}

RegexParser::Atom RegexParser::ParseAtom(int depth) {
  const bool interval = Next('{') && ParseInterval();
  switch (const char32_t c = Take()) {
    case '\\':
      return ParseEscape();
    case '[':
      return ParseClass();
    case '(':
      return ParseGroup(depth + 1);
    case '.':
      return {.node =
                  SetNode(options_.dot_all ? CharSet::All() : CharSet('\n', '\n').Complement())};
    case '^':
      return {.node = LineBegin(), .repeatable = false};
    case '$':
      return {.node = LineEnd(/*only_last=*/false), .repeatable = false};
    case '*':
    case '+':
    case '?':
      Fail("a quantifier without what it repeats");
    default:
      if (interval) Fail("a quantifier without what it repeats");
      return {.literal = c};
  }
}

RegexParser::Atom RegexParser::ParseGroupEnd(Kind kind, int depth) {
  RegexNode inner = ParseAlternation(depth);
  if (!Accept(')')) Fail("a '(' without its ')'");
  if (kind == Kind::kSequence) return {.node = std::move(inner)};
  RegexNode node{.kind = kind};
  node.children.push_back(std::move(inner));
  return {.node = std::move(node), .repeatable = kind == Kind::kAtomic};
}

RegexParser::Atom RegexParser::ParseGroup(int depth) {
  if (Next('*')) Fail("a callout \"(*\" is not supported");
  if (!Accept('?')) return ParseCapture(depth);
  if (Accept(':')) return ParseGroupEnd(Kind::kSequence, depth);
  if (Accept('>')) return ParseGroupEnd(Kind::kAtomic, depth);
  if (Accept('=')) return ParseGroupEnd(Kind::kLookahead, depth);
  if (Accept('!')) return ParseGroupEnd(Kind::kNotLookahead, depth);
  if (Accept(U"<=")) return ParseGroupEnd(Kind::kLookbehind, depth);
  if (Accept(U"<!")) return ParseGroupEnd(Kind::kNotLookbehind, depth);
  if (Accept('<')) return ParseNamedGroup('>', depth);
  if (Accept('\'')) return ParseNamedGroup('\'', depth);
  return ParseOptions(depth);
}

RegexParser::Atom RegexParser::ParseCapture(int depth) {
  RegexNode node{.kind = Kind::kCapture, .value = ++captures_};
  node.children.push_back(ParseAlternation(depth));
  if (!Accept(')')) Fail("a '(' without its ')'");
  return {.node = std::move(node)};
}

RegexParser::Atom RegexParser::ParseNamedGroup(char32_t closing, int depth) {
  std::u32string name;
  while (!Next(closing)) name += Take();
  Take();
  if (name.empty() || IsDigit(name[0]) || name[0] == '-' || name[0] == '+') {
    Fail("a group whose name is none");
  }
  if (!names_.emplace(name, captures_ + 1).second) Fail("two groups of the same name");
  return ParseCapture(depth);
}

RegexParser::Atom RegexParser::ParseOptions(int depth) {
  Options options = options_;
  bool on = true;
  for (;;) {
    const char32_t c = Take();
    if (c == '-') {
      on = false;
    } else if (c == 'i') {
      options.ignore_case = on;
    } else if (c == 'm') {
      options.dot_all = on;
    } else if (c == 'x') {
      options.extended = on;
    } else if (c == ':' || c == ')') {
      // Without ':' they hold up to the end of the group around them, over its '|'.
      const Options outer = std::exchange(options_, options);
      RegexNode node = ParseAlternation(depth);
      options_ = outer;
      if (c == ':' && !Accept(')')) Fail("a '(' without its ')'");
      return {.node = std::move(node), .repeatable = c == ':'};
    } else {
      Fail("a group of a kind that is not supported");
    }
  }
}

std::optional<RegexParser::Quantifier> RegexParser::ParseQuantifier() {
  using Mode = RegexNode::Mode;
  Quantifier quantifier;
  if (Next('{')) {
    std::optional<Quantifier> interval = ParseInterval();
    // "{n}?" means that or nothing, and what follows is a '?' of its own.
    if (interval && interval->min != interval->max && Accept('?')) interval->mode = Mode::kLazy;
    return interval;
  }
  if (Accept('*')) {
    quantifier = {0, RegexNode::kUnlimited};
  } else if (Accept('+')) {
    quantifier = {1, RegexNode::kUnlimited};
  } else if (Accept('?')) {
    quantifier = {0, 1};
  } else {
    return std::nullopt;
  }
  if (Accept('?')) {
    quantifier.mode = Mode::kLazy;
  } else if (Accept('+')) {
    quantifier.mode = Mode::kPossessive;
  }
  return quantifier;
}

std::optional<RegexParser::Quantifier> RegexParser::ParseInterval() {
  const std::size_t begin = at_++;
  const std::optional<std::uint32_t> low = ParseCount();
  std::optional<std::uint32_t> high = low;
  if (Accept(',')) {
    high = ParseCount();
    if (low && !high) high = RegexNode::kUnlimited;
  }
  if (!high || !Accept('}')) {
    at_ = begin;
    return std::nullopt;
  }
  Quantifier quantifier{low.value_or(0), *high};
  if (quantifier.max < quantifier.min) {
    std::swap(quantifier.min, quantifier.max);
    quantifier.mode = RegexNode::Mode::kPossessive;
  }
  return quantifier;
}

std::optional<std::uint32_t> RegexParser::ParseCount() {
  if (AtEnd() || !IsDigit(text_[at_])) return std::nullopt;
  std::uint32_t count = 0;
  while (!AtEnd() && IsDigit(text_[at_])) {
    count = count * 10 + (text_[at_++] - '0');
    if (count > kMaxCount) Fail(fmt::format("more than {} repetitions", kMaxCount));
  }
  return count;
}

void RegexParser::SkipIgnored() {
  for (;;) {
    if (Accept(U"(?#")) {
      while (Take() != ')') {
      }
    } else if (options_.extended && !AtEnd() &&
               std::u32string_view(U" \t\n\v\f\r").find(text_[at_]) != std::u32string_view::npos) {
      ++at_;
    } else if (options_.extended && Accept('#')) {
      while (!AtEnd() && Take() != '\n') {
      }
    } else {
      return;
    }
  }
}

const CharSet& RegexParser::Cached(std::string_view name, CharSet (*make)()) {
  const auto found = cache_.find(name);
  return found != cache_.end() ? found->second : cache_.emplace(name, make()).first->second;
}

void RegexParser::CountCaseless(std::size_t count) {
  caseless_ += count;
  if (caseless_ > kMaxCaseless) Fail("too much of it ignores case");
}

RegexNode RegexParser::SetNode(CharSet set) {
  const auto [place, added] =
      set_numbers_.emplace(std::move(set), static_cast<std::uint32_t>(tree_.sets.size()));
  if (added) {
    if (tree_.sets.size() == kMaxSets) Fail("too many different sets of characters");
    tree_.sets.push_back(place->first);
  }
  return {.kind = Kind::kSet, .value = place->second};
}

RegexNode RegexParser::LookNode(Kind kind, CharSet set) {
  RegexNode node{.kind = kind};
  node.children.push_back(SetNode(std::move(set)));
  return node;
}

}  // namespace embd
