#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace embd {

// The merges of a BPE model: which pairs of tokens become one, and which do so first. Merges stand
// by rank, and a flat hash table of ranks finds them: most pairs that are asked for have no merge,
// which one look into that small table tells. Immutable once filled.
class MergeTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::uint32_t kMaxMerges = (1u << 23) - 1;

  struct Merge {
    std::uint32_t rank = kNone;  // lower ranks are merged first; kNone: no merge
    std::uint32_t merged = 0;
  };

  MergeTable() : MergeTable(0) {}
  // Room for `count` merges, at most kMaxMerges.
  explicit MergeTable(std::size_t count);
  // Adds the merge of the next rank. A pair that is there already gets the new rank.
  void Append(std::uint32_t left, std::uint32_t right, std::uint32_t merged) {
    const std::uint64_t hash = Hash(left, right);
    slots_[SlotOf(left, right, hash)] = Tag(hash) | static_cast<std::uint32_t>(merges_.size());
    merges_.push_back({left, right, merged});
  }
  Merge Find(std::uint32_t left, std::uint32_t right) const {
    const std::uint32_t found = slots_[SlotOf(left, right, Hash(left, right))];
    if (found == kNone) return {};
    const std::uint32_t rank = found & kMaxMerges;
    return {rank, merges_[rank].merged};
  }
  // How many merges were added.
  std::size_t size() const { return merges_.size(); }
  std::size_t resident_bytes() const {
    return slots_.capacity() * sizeof(slots_[0]) + merges_.capacity() * sizeof(merges_[0]);
  }

 private:
  struct Pair {
    std::uint32_t left;
    std::uint32_t right;
    std::uint32_t merged;
  };

  static std::uint64_t Hash(std::uint32_t left, std::uint32_t right) {
    const std::uint64_t key = (std::uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15u;
    return key ^ key >> 32;
  }
  // Nine bits of the hash, above those of a rank, which save most looks at merges. Never all ones,
  // as they are in kNone.
  static std::uint32_t Tag(std::uint64_t hash) {
    constexpr std::uint64_t kLargest = kNone / (kMaxMerges + 1) - 1;
    return static_cast<std::uint32_t>(std::min(hash >> 55, kLargest)) * (kMaxMerges + 1);
  }
  // Where the pair is or would be.
  std::size_t SlotOf(std::uint32_t left, std::uint32_t right, std::uint64_t hash) const {
    const std::uint32_t tag = Tag(hash);
    std::size_t slot = hash & mask_;
    while (slots_[slot] != kNone && !((slots_[slot] & ~kMaxMerges) == tag &&
                                      Is(merges_[slots_[slot] & kMaxMerges], left, right))) {
      slot = (slot + 1) & mask_;
    }
    return slot;
  }
  static bool Is(const Pair& pair, std::uint32_t left, std::uint32_t right) {
    return pair.left == left && pair.right == right;
  }

  std::vector<std::uint32_t> slots_;  // tags and ranks; a power of two of them
  std::size_t mask_;
  std::vector<Pair> merges_;  // by rank
};

}  // namespace embd
