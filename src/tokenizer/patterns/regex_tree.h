#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "tokenizer/patterns/char_set.h"

namespace embd {

// A regular expression that cannot be honoured. Caught where the file it stands in is known.
class RegexError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A part of a regular expression. What has no kind of its own (\b, ^, \R ...) is written with those
// that are here, so whoever runs the tree knows neither Unicode nor anybody's syntax.
struct RegexNode {
  enum class Kind : std::uint8_t {
    kSet,          // one character of RegexTree::sets[value]
    kSequence,     // the children one after the other; nothing when there are none
    kAlternation,  // the first of the children that lets the rest match
    kRepeat,       // the child, min to max times
    kCapture,      // the child, remembered as group `value`
    kAtomic,       // the child, never matched in another way later on
    kLookahead,    // the child matches here; likewise the next three
    kNotLookahead,
    kLookbehind,
    kNotLookbehind,
    kReference,  // what group `value` has matched
    kTextBegin,
    kTextEnd,
  };
  enum class Mode : std::uint8_t { kGreedy, kLazy, kPossessive };
  static constexpr std::uint32_t kUnlimited = 0xFFFFFFFF;

  Kind kind = Kind::kSequence;
  Mode mode = Mode::kGreedy;
  std::uint32_t value = 0;
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  std::vector<RegexNode> children = {};
};

struct RegexTree {
  RegexNode root;
  std::vector<CharSet> sets;  // all different
  bool has_references = false;
};

// The tree of an expression in the syntax of the reference, which is Oniguruma's own. Throws
// RegexError for one that is malformed, uses an operator that is not known here, is longer than
// 64 KiB, nested more than 100 deep, or would repeat so much that it grows beyond bounds.
RegexTree ParseRegex(std::string_view expression);

}  // namespace embd
