#include "tokenizer/models/model_scratch.h"

#include <algorithm>
#include <cstring>

#include "tokenizer/token_index.h"

namespace embd {

void WordCache::BelongTo(std::uint64_t owner) {
  if (owner == owner_ && !entries_.empty()) return;
  entries_.assign(kEntries, Entry{});
  owner_ = owner;
}

WordCache::Entry& WordCache::Lookup(std::string_view word, bool& hit) {
  Entry& entry = entries_[HashBytes(word) % kEntries];
  hit =
      entry.length == word.size() && std::memcmp(entry.word.data(), word.data(), word.size()) == 0;
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
