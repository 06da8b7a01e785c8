#include "tokenizer/token_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace embd {

std::uint64_t HashBytes(std::string_view bytes) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  std::uint64_t hash = bytes.size() * kMultiplier;
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t length = std::min(bytes.size(), sizeof(word));
    std::memcpy(&word, bytes.data(), length);
    hash = (std::rotl(hash, 29) ^ word) * kMultiplier;
    bytes.remove_prefix(length);
  }
  return hash ^ hash >> 32;
}

TokenIndex::TokenIndex(const Vocabulary& vocabulary) : vocabulary_(&vocabulary) {
  slots_.assign(std::bit_ceil(2 * vocabulary.size() + 1), kNone);
  for (std::uint32_t id = 0; id < vocabulary.id_bound(); ++id) {
    if (!vocabulary.Has(id)) continue;
    std::uint32_t& slot = slots_[SlotOf(vocabulary.Text(id))];
    duplicates_ += slot == kNone ? 0 : 1;
    slot = id;
  }
}

std::size_t TokenIndex::SlotOf(std::string_view token) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = HashBytes(token) & mask;
  while (slots_[slot] != kNone && vocabulary_->Text(slots_[slot]) != token) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::uint32_t TokenIndex::Find(std::string_view token) const {
  return slots_.empty() ? kNone : slots_[SlotOf(token)];
}

}  // namespace embd
