#include "tokenizer/token_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace embd {

namespace {

template <typename T>
T Load(const char* p) {
  T value = 0;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

// All of 1 to 8 bytes in one number, without a loop over them.
std::uint64_t LoadUpTo8(std::string_view bytes) {
  const char* p = bytes.data();
  const std::size_t size = bytes.size();
  if (size == 8) return Load<std::uint64_t>(p);
  if (size >= 4) {
    return Load<std::uint32_t>(p) | std::uint64_t{Load<std::uint32_t>(p + size - 4)} << 32;
  }
  const auto byte = [p](std::size_t i) { return std::uint64_t{static_cast<std::uint8_t>(p[i])}; };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

}  // namespace

std::uint64_t HashBytes(std::string_view bytes) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  std::uint64_t hash = bytes.size() * kMultiplier;
  const auto add = [&hash](std::uint64_t word) {
    hash = (std::rotl(hash, 29) ^ word) * kMultiplier;
  };
  while (bytes.size() > sizeof(std::uint64_t)) {
    add(Load<std::uint64_t>(bytes.data()));
    bytes.remove_prefix(sizeof(std::uint64_t));
  }
  if (!bytes.empty()) add(LoadUpTo8(bytes));
  return hash ^ hash >> 32;
}

TokenIndex::TokenIndex(const Vocabulary& vocabulary) : vocabulary_(&vocabulary) {
  slots_.assign(std::bit_ceil(2 * vocabulary.size() + 1), kNone);
  for (std::uint32_t id = 0; id < vocabulary.id_bound(); ++id) {
    if (!vocabulary.Has(id)) continue;
    const std::string_view text = vocabulary.Text(id);
    const std::uint64_t hash = HashBytes(text);
    std::uint32_t& slot = slots_[SlotOf(text, hash)];
    duplicates_ += slot == kNone ? 0 : 1;
    slot = Tag(hash) | id;
  }
}

std::size_t TokenIndex::SlotOf(std::string_view token, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  const std::uint32_t tag = Tag(hash);
  std::size_t slot = hash & mask;
  while (slots_[slot] != kNone && ((slots_[slot] & ~kMaxTokenId) != tag ||
                                   vocabulary_->Text(slots_[slot] & kMaxTokenId) != token)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::uint32_t TokenIndex::Find(std::string_view token) const {
  if (slots_.empty()) return kNone;
  const std::uint32_t found = slots_[SlotOf(token, HashBytes(token))];
  return found == kNone ? kNone : found & kMaxTokenId;
}

}  // namespace embd
