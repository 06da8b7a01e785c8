#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace embd {

// Byte strings with a number each, in a double array: a step along one byte is one load. Immutable
// after construction.
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

  Trie() : Trie(std::span<const Key>{}) {}
  // The order of the keys does not matter; none may be empty. Of equal keys the last one counts.
  explicit Trie(std::span<const Key> keys);

  // How many keys were left out because an equal one came later.
  std::size_t duplicates() const { return duplicates_; }

  // The node below `node` along `byte`, or kNone.
  std::uint32_t Child(std::uint32_t node, char byte) const {
    const std::uint32_t label = static_cast<std::uint8_t>(byte);
    const std::uint32_t child = units_[node].base ^ label;
    return (units_[child].value_and_label & 0xFF) == label ? child : kNone;
  }
  // The node below `node` along all of `text`, or kNone.
  std::uint32_t Descend(std::uint32_t node, std::string_view text) const;
  // The number of the key that ends at `node`, or kNone.
  std::uint32_t Value(std::uint32_t node) const {
    const std::uint32_t value = units_[node].value_and_label >> 8;
    return value == kNoValue ? kNone : value;
  }
  // The number of the key `text`, or kNone.
  std::uint32_t Find(std::string_view text) const;

  std::size_t resident_bytes() const { return units_.capacity() * sizeof(Unit); }

 private:
  class Builder;
  class SortedKeys;
  static constexpr std::uint32_t kNoValue = 0xFFFFFF;

  struct Unit {
    std::uint32_t base;
    std::uint32_t value_and_label;  // value << 8 | label
  };

  std::vector<Unit> units_;
  std::size_t duplicates_ = 0;
};

}  // namespace embd
