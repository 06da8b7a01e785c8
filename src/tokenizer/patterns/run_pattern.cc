#include "tokenizer/patterns/run_pattern.h"

#include <fmt/core.h>

#include <bit>
#include <span>
#include <utility>

#include "tokenizer/patterns/search_budget.h"
#include "unicode/utf8.h"

namespace embd {

// Turns a tree into alternatives; every function says whether the form allows it.
class RunPattern::Builder {
 public:
  explicit Builder(const SymbolMap& map) : map_(map) {}

  bool AddAlternatives(const RegexNode& node) {
    if (node.kind == Kind::kCapture) return AddAlternatives(node.children[0]);
    if (node.kind == Kind::kAlternation) {
      for (const RegexNode& child : node.children) {
        if (!AddAlternatives(child)) return false;
      }
      return true;
    }
    Alternative alternative;
    if (alternatives_.size() == 64 || !Append(node, alternative)) return false;
    if (IsOptional(alternative.runs)) return false;
    FindGivingBack(alternative);
    alternatives_.push_back(std::move(alternative));
    return true;
  }

  std::vector<Alternative> Take() { return std::move(alternatives_); }

 private:
  using Kind = RegexNode::Kind;
  static constexpr std::size_t kMaxRuns = 64;

  Mask MaskOf(std::uint32_t set) const {
    Mask mask = 0;
    for (const std::uint16_t symbol : map_.SymbolsOf(set)) mask |= Mask{1} << symbol;
    return mask;
  }

  static bool IsOptional(std::span<const Run> runs) {
    for (const Run& run : runs) {
      if (run.min > 0) return false;
    }
    return true;
  }

  bool Append(const RegexNode& node, Alternative& out) const {
    // Nothing can follow what is looked at or for last.
    if (!out.tails.empty() || out.looks_ahead()) return false;
    switch (node.kind) {
      case Kind::kSet:
        out.runs.push_back({.mask = MaskOf(node.value)});
        return out.runs.size() <= kMaxRuns;
      case Kind::kCapture:
        return Append(node.children[0], out);
      case Kind::kSequence:
        for (const RegexNode& child : node.children) {
          if (!Append(child, out)) return false;
        }
        return true;
      case Kind::kRepeat:
        return node.children[0].kind == Kind::kSet ? AppendRun(node, out) : AppendTails(node, out);
      default:
        return AppendLook(node, out);
    }
  }

  bool AppendRun(const RegexNode& node, Alternative& out) const {
    if (node.mode != RegexNode::Mode::kGreedy || node.max == 0) return false;
    out.runs.push_back({MaskOf(node.children[0].value), node.min, node.max, false});
    return out.runs.size() <= kMaxRuns;
  }

  bool AppendTails(const RegexNode& node, Alternative& out) const {
    if (node.mode != RegexNode::Mode::kGreedy || node.min != 0 || node.max != 1) return false;
    const RegexNode& child = node.children[0];
    const bool choice = child.kind == Kind::kAlternation;
    for (const RegexNode& string : choice ? std::span(child.children) : std::span(&child, 1)) {
      Alternative tail;
      if (!Append(string, tail) || tail.looks_ahead() || !tail.tails.empty()) return false;
      std::vector<Mask>& masks = out.tails.emplace_back();
      for (const Run& run : tail.runs) {
        if (run.min != 1 || run.max != 1) return false;
        masks.push_back(run.mask);
      }
    }
    return true;
  }

  bool AppendLook(const RegexNode& node, Alternative& out) const {
    const auto is_set = [](const RegexNode& look) { return look.children[0].kind == Kind::kSet; };
    if (node.kind == Kind::kTextEnd) {
      out.next = 0;
    } else if (node.kind == Kind::kNotLookahead && is_set(node)) {
      out.next = ~MaskOf(node.children[0].value);
    } else if (node.kind == Kind::kLookahead && is_set(node)) {
      out.next = MaskOf(node.children[0].value);
      out.end_may_be_next = false;
    } else if (node.kind == Kind::kAlternation && node.children.size() == 2 &&
               node.children[0].kind == Kind::kLookahead && is_set(node.children[0]) &&
               node.children[1].kind == Kind::kTextEnd) {
      out.next = MaskOf(node.children[0].children[0].value);  // '$'
    } else {
      return false;
    }
    return true;
  }

  // Giving a character back only helps if what comes next can start with such a character.
  static void FindGivingBack(Alternative& alternative) {
    std::span<Run> rest(alternative.runs);
    while (!rest.empty()) {
      Run& run = rest[0];
      rest = rest.subspan(1);
      if (run.min == run.max) continue;
      if (IsOptional(rest) && !alternative.looks_ahead()) continue;
      Mask following = 0;
      bool mandatory = false;
      for (const Run& next : rest) {
        following |= next.mask;
        mandatory = mandatory || next.min > 0;
        if (mandatory) break;
      }
      if (!mandatory) following |= alternative.next;
      run.gives_back = (following & run.mask) != 0;
    }
  }

  const SymbolMap& map_;
  std::vector<Alternative> alternatives_;
};

// Goes through one text.
class RunPattern::Matcher {
 public:
  Matcher(const RunPattern& pattern, std::string_view text)
      : pattern_(pattern),
        ascii_(pattern.map_.ascii()),
        text_(text),
        steps_left_(SearchBudget(text.size())) {}

  // False when the budget is used up.
  bool FindAll(std::vector<ByteRange>& matches) {
    for (std::size_t at = 0; at < text_.size();) {
      const Char first = CharAt(at);
      std::size_t end = kNoMatch;
      std::uint64_t candidates = pattern_.starts_[std::countr_zero(first.bit)];
      for (; candidates != 0 && end == kNoMatch; candidates &= candidates - 1) {
        end = TryAt(at, static_cast<std::size_t>(std::countr_zero(candidates)));
      }
      if (steps_left_ < 0) return false;
      if (end == kNoMatch) {
        at += first.length;
        continue;
      }
      matches.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
      at = end;
    }
    return true;
  }

 private:
  struct Char {
    Mask bit;
    std::uint32_t length;
  };

  Char CharAt(std::size_t at) const {
    const auto byte = static_cast<std::uint8_t>(text_[at]);
    if (byte < 0x80) return {Mask{1} << ascii_[byte], 1};
    const unicode::DecodedChar c = unicode::DecodeValid(text_.data() + at);
    return {Mask{1} << pattern_.map_.SymbolOf(c.scalar), c.length};
  }

  std::size_t TryAt(std::size_t at, std::size_t number) {
    if (at < hopeless_until_[number]) return kNoMatch;
    const Alternative& alternative = pattern_.alternatives_[number];
    first_run_end_ = at;
    const std::size_t end = MatchRuns(alternative, 0, at);
    if (end == kNoMatch && alternative.runs[0].max == RegexNode::kUnlimited) {
      // From later on in the same run there are only fewer places to go on from.
      hopeless_until_[number] = first_run_end_;
    }
    return end == kNoMatch ? end : MatchTail(alternative, end);
  }

  std::size_t MatchRuns(const Alternative& alternative, std::size_t number, std::size_t at) {
    if (number == alternative.runs.size()) return LooksAhead(alternative, at) ? at : kNoMatch;
    const Run& run = alternative.runs[number];
    const std::size_t begin = at;
    std::uint32_t count = 0;
    while (count < run.max && at < text_.size()) {
      const Char c = CharAt(at);
      if ((run.mask & c.bit) == 0) break;
      at += c.length;
      ++count;
    }
    if (number == 0) first_run_end_ = at;
    steps_left_ -= static_cast<std::int64_t>(at - begin);
    if (count < run.min) return kNoMatch;
    for (;;) {
      const std::size_t end = MatchRuns(alternative, number + 1, at);
      if (end != kNoMatch || !run.gives_back || count == run.min) return end;
      at = unicode::LastCharBegin(text_.substr(0, at));
      --count;
      if (--steps_left_ < 0) return kNoMatch;
    }
  }

  bool LooksAhead(const Alternative& alternative, std::size_t at) const {
    if (at == text_.size()) return alternative.end_may_be_next;
    return !alternative.looks_ahead() || (alternative.next & CharAt(at).bit) != 0;
  }

  std::size_t MatchTail(const Alternative& alternative, std::size_t at) const {
    for (const std::vector<Mask>& tail : alternative.tails) {
      std::size_t end = at;
      std::size_t matched = 0;
      for (; matched < tail.size() && end < text_.size(); ++matched) {
        const Char c = CharAt(end);
        if ((tail[matched] & c.bit) == 0) break;
        end += c.length;
      }
      if (matched == tail.size()) return end;
    }
    return at;
  }

  const RunPattern& pattern_;
  std::span<const std::uint16_t> ascii_;
  std::string_view text_;
  std::int64_t steps_left_;
  std::size_t first_run_end_ = 0;
  std::array<std::size_t, 64> hopeless_until_{};  // by alternative
};

std::unique_ptr<TextPattern> RunPattern::ForTree(const RegexTree& tree, const std::string& name) {
  if (tree.has_references) return nullptr;
  SymbolMap map(tree.sets);
  if (map.size() > kMaxSymbols) return nullptr;
  Builder builder(map);
  if (!builder.AddAlternatives(tree.root)) return nullptr;
  return std::unique_ptr<TextPattern>(new RunPattern(std::move(map), builder.Take(), name));
}

RunPattern::RunPattern(SymbolMap map, std::vector<Alternative> alternatives, std::string name)
    : map_(std::move(map)), alternatives_(std::move(alternatives)), name_(std::move(name)) {
  for (std::size_t i = 0; i < alternatives_.size(); ++i) {
    for (const Run& run : alternatives_[i].runs) {
      for (std::size_t symbol = 0; symbol < kMaxSymbols; ++symbol) {
        if (run.mask >> symbol & 1) starts_[symbol] |= std::uint64_t{1} << i;
      }
      if (run.min > 0) break;
    }
  }
}

Result<void> RunPattern::FindAll(std::string_view text, std::vector<ByteRange>& matches) const {
  if (Matcher(*this, text).FindAll(matches)) return {};
  return TooManySteps(name_);
}

}  // namespace embd
