#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace embd {

// The merges of a BPE model: which pairs of tokens become one, and which do so first. A flat hash
// table; immutable once filled.
class MergeTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  struct Merge {
    std::uint32_t rank = kNone;  // lower ranks are merged first; kNone: no merge
    std::uint32_t merged = 0;
  };

  MergeTable() : MergeTable(0) {}
  // Room for `count` merges.
  explicit MergeTable(std::size_t count);
  // A pair that is there already gets the new rank.
  void Insert(std::uint32_t left, std::uint32_t right, Merge merge) {
    Slot& slot = slots_[SlotOf(left, right)];
    slot = {left, right, merge};
  }
  Merge Find(std::uint32_t left, std::uint32_t right) const {
    return slots_[SlotOf(left, right)].merge;
  }
  std::size_t resident_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t left = kNone;
    std::uint32_t right = kNone;
    Merge merge;
  };

  std::size_t SlotOf(std::uint32_t left, std::uint32_t right) const {
    constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
    const std::uint64_t key = std::uint64_t{left} << 32 | right;
    std::size_t slot = (key * kMultiplier ^ key * kMultiplier >> 32) & mask_;
    while (slots_[slot].left != kNone &&
           (slots_[slot].left != left || slots_[slot].right != right)) {
      slot = (slot + 1) & mask_;
    }
    return slot;
  }

  std::vector<Slot> slots_;
  std::size_t mask_;
};

}  // namespace embd
