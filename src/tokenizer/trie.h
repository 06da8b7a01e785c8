#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace embd {

// Byte strings with a number each, in a double array: a step along one byte is one load. Where only
// one string goes on, the rest of it is kept as it is, a tail. Immutable after construction.
//
// Node n has its child along byte b at index base(n) ^ b. Whether that unit is n's child, rather
// than another node's, is told by its label alone: no two nodes have the same base, so no other
// node could reach that unit along the same byte.
class Trie {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::uint32_t kMaxValue = 0xFFFFFE;
  static constexpr std::uint32_t kRoot = 0;

  struct Key {
    std::string_view text;
    std::uint32_t value;  // at most kMaxValue
  };
  // A key that `text` starts with, from somewhere up to `end`.
  struct Match {
    std::size_t end = 0;
    std::uint32_t value = kNone;  // kNone: there is no such key
  };

  Trie() : Trie(std::span<const Key>{}) {}
  // The order of the keys does not matter; none may be empty. Of equal keys the last one counts.
  // What keys start with can be looked for from the root or from behind `branch`.
  explicit Trie(std::span<const Key> keys, std::string_view branch = {});

  // How many keys were left out because an equal one came later.
  std::size_t duplicates() const { return duplicates_; }
  // The node behind `branch`, or kNone when no longer key starts with that.
  std::uint32_t branch() const { return branch_; }

  // Calls found(end, value) for each key, cut off before `node` (kRoot or branch()), that is
  // text[at, end); the shortest first.
  template <typename Found>
  void ForEachPrefix(std::uint32_t node, std::string_view text, std::size_t at, Found found) const {
    for (std::uint32_t base = units_[node].base; at < text.size(); ++at) {
      const std::uint32_t label = static_cast<std::uint8_t>(text[at]);
      const Unit unit = units_[base ^ label];
      if ((unit.value_and_label & 0xFF) != label) return;
      const std::uint32_t value = unit.value_and_label >> 8;
      base = unit.base;
      if (base >= kTail) {
        const std::size_t end = TailEnd(base - kTail, text, at + 1);
        if (end != 0) found(end, value);
        return;
      }
      if (value != kNoValue) found(at + 1, value);
    }
  }
  // The last, and longest, of them.
  Match LongestPrefix(std::uint32_t node, std::string_view text, std::size_t at) const {
    Match match;
    ForEachPrefix(node, text, at, [&match](std::size_t end, std::uint32_t value) {
      match = {end, value};
    });
    return match;
  }
  // The number of the key `text`, or kNone.
  std::uint32_t Find(std::string_view text) const {
    const Match match = LongestPrefix(kRoot, text, 0);
    return match.end == text.size() ? match.value : kNone;
  }

  std::size_t resident_bytes() const {
    return units_.capacity() * sizeof(Unit) + tails_.capacity();
  }

 private:
  class Builder;
  class SortedKeys;
  static constexpr std::uint32_t kNoValue = 0xFFFFFF;
  static constexpr std::uint32_t kTail = std::uint32_t{1} << 31;

  struct Unit {
    std::uint32_t base;             // or kTail + the place of its tail
    std::uint32_t value_and_label;  // value << 8 | label; the value of a tail is its key's
  };

  // Where the tail ends in `text` if that goes on with it at `at`; 0 otherwise.
  std::size_t TailEnd(std::size_t tail, std::string_view text, std::size_t at) const {
    const std::size_t length = static_cast<std::uint8_t>(tails_[tail]);
    if (text.size() - at < length) return 0;
    for (std::size_t i = 0; i < length; ++i) {
      if (text[at + i] != tails_[tail + 1 + i]) return 0;
    }
    return at + length;
  }

  std::vector<Unit> units_;
  std::string tails_;  // each with its length before it
  std::size_t duplicates_ = 0;
  std::uint32_t branch_ = kNone;
};

}  // namespace embd
