#include "tokenizer/models/model_scratch.h"

#include <algorithm>
#include <cstring>

#include "tokenizer/token_index.h"

namespace embd {

namespace {

template <typename T>
bool SameWords(const char* a, const char* b, std::size_t size) {
  const auto load = [](const char* p) {
    T value = 0;
    std::memcpy(&value, p, sizeof(value));
    return value;
  };
  for (std::size_t at = 0; at + sizeof(T) < size; at += sizeof(T)) {
    if (load(a + at) != load(b + at)) return false;
  }
  return load(a + size - sizeof(T)) == load(b + size - sizeof(T));
}

// memcmp for short strings, in place.
bool SameBytes(const char* a, const char* b, std::size_t size) {
  if (size >= 8) return SameWords<std::uint64_t>(a, b, size);
  if (size >= 4) return SameWords<std::uint32_t>(a, b, size);
  return SameWords<std::uint8_t>(a, b, size);
}

}  // namespace

void WordCache::BelongTo(std::uint64_t owner) {
  if (owner == owner_ && !entries_.empty()) return;
  entries_.assign(kEntries, Entry{});
  owner_ = owner;
}

std::size_t WordCache::Prefetch(std::string_view word) const {
  const std::size_t place = HashBytes(word) % kEntries;
  __builtin_prefetch(&entries_[place]);
  return place;
}

WordCache::Entry& WordCache::Lookup(std::string_view word, std::size_t place, bool& hit) {
  Entry& entry = entries_[place];
  Entry& older = entries_[place ^ 1];
  const auto is_own = [word](const Entry& e) {
    return e.length == word.size() && SameBytes(e.word.data(), word.data(), word.size());
  };
  hit = true;
  if (is_own(entry)) return entry;
  if (is_own(older)) return older;
  hit = false;
  older = entry;
  return entry;
}

void WordCache::Store(Entry& entry, std::string_view word, std::uint32_t begin, const Token* tokens,
                      std::size_t count) {
  if (count > kMaxTokens) return;
  // Only ends are kept. The bytes of a character that has no token share its range.
  for (std::size_t i = 0; i < count; ++i) {
    if (tokens[i].range.begin != (i == 0 ? begin : tokens[i - 1].range.end)) return;
  }
  std::copy(word.begin(), word.end(), entry.word.begin());
  entry.length = static_cast<std::uint8_t>(word.size());
  entry.count = static_cast<std::uint8_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    entry.ids[i] = tokens[i].id;
    entry.ends[i] = static_cast<std::uint8_t>(tokens[i].range.end - begin);
  }
}

}  // namespace embd
