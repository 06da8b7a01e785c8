#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace embd {

// Hash of a few bytes, for tables in memory only.
std::uint64_t HashBytes(std::string_view bytes);

// Adds `value` to a hash of several.
inline std::uint64_t MixHash(std::uint64_t hash, std::uint64_t value) {
  const std::uint64_t mixed = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return mixed ^ mixed >> 32;
}

// From the strings of a vocabulary to their ids: a flat hash table. The vocabulary must outlive it
// at the same address. Immutable after construction.
class TokenIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  TokenIndex() = default;
  explicit TokenIndex(const Vocabulary& vocabulary);

  // The id of `token`, or kNone. Of equal tokens the one with the largest id.
  std::uint32_t Find(std::string_view token) const;
  // How many tokens have an equal with a larger id.
  std::size_t duplicates() const { return duplicates_; }
  std::size_t resident_bytes() const { return slots_.capacity() * sizeof(slots_[0]); }

 private:
  // Nine bits of the hash, above those of an id, which save most comparisons of texts. Never all
  // ones, as they are in kNone.
  static std::uint32_t Tag(std::uint64_t hash) {
    constexpr std::uint64_t kLargest = kNone / (kMaxTokenId + 1) - 1;
    return static_cast<std::uint32_t>(std::min(hash >> 55, kLargest)) * (kMaxTokenId + 1);
  }
  // Where `token` is or would be.
  std::size_t SlotOf(std::string_view token, std::uint64_t hash) const;

  const Vocabulary* vocabulary_ = nullptr;
  std::vector<std::uint32_t> slots_;  // tags and ids; a power of two of them, at most half taken
  std::size_t duplicates_ = 0;
};

}  // namespace embd
