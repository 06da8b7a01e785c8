#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/models/bpe_merge.h"
#include "tokenizer/segment.h"

namespace embd {

// What the model made of short words that it has met: two words a pair of places, the latest stay.
class WordCache {
 public:
  static constexpr std::size_t kMaxWordBytes = 24;
  static constexpr std::size_t kMaxTokens = 7;

  struct alignas(64) Entry {
    std::array<char, kMaxWordBytes> word;
    std::uint8_t length;  // of the word; 0: the entry is free
    std::uint8_t count;
    std::array<std::uint8_t, kMaxTokens> ends;
    std::array<std::uint32_t, kMaxTokens> ids;
  };

  // Bytes that a cache comes to occupy.
  static constexpr std::size_t MemoryBytes() { return kEntries * sizeof(Entry); }

  // Forgets everything unless it was last used by `owner`, a number that no two models share.
  void BelongTo(std::uint64_t owner);
  static bool CanHold(std::string_view word) {
    return !word.empty() && word.size() <= kMaxWordBytes;
  }
  // The place of a word that it can hold, on its way into the processor's cache.
  std::size_t Prefetch(std::string_view word) const;
  // The entry for `word` at its place; `hit` says whether it is the word's own.
  Entry& Lookup(std::string_view word, std::size_t place, bool& hit);
  // Makes it the word's own with these tokens, unless they are too many or do not
  // follow each other.
  static void Store(Entry& entry, std::string_view word, std::uint32_t begin, const Token* tokens,
                    std::size_t count);

 private:
  static constexpr std::size_t kEntries = 1 << 14;

  std::vector<Entry> entries_;
  std::uint64_t owner_ = 0;
};

// Appends the tokens of `words`, parts of `text`, through the word cache. `tokenize(word, begin)`
// appends those of a word that starts at `begin` to the same vector, and returns a Result<void>.
template <typename TokenizeWord>
Result<void> TokenizeCached(std::string_view text, std::span<const Piece> words, WordCache& cache,
                            std::vector<Token>& out, TokenizeWord tokenize) {
  const auto word_at = [&](std::size_t i) {
    return text.substr(words[i].begin, words[i].end - words[i].begin);
  };
  // The next word's entry is fetched while this word is looked up: the cache is larger than the
  // processor's second level.
  const auto prefetch = [&](std::size_t i) {
    return i < words.size() && WordCache::CanHold(word_at(i)) ? cache.Prefetch(word_at(i)) : 0;
  };
  std::size_t next_place = prefetch(0);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t place = next_place;
    next_place = prefetch(i + 1);
    const std::string_view word = word_at(i);
    const std::uint32_t begin = words[i].begin;
    if (!WordCache::CanHold(word)) {
      if (Result<void> done = tokenize(word, begin); !done) return done;
      continue;
    }
    bool hit = false;
    WordCache::Entry& entry = cache.Lookup(word, place, hit);
    if (!hit) {
      const std::size_t first = out.size();
      if (Result<void> done = tokenize(word, begin); !done) return done;
      WordCache::Store(entry, word, begin, out.data() + first, out.size() - first);
      continue;
    }
    std::uint32_t from = begin;
    for (std::size_t token = 0; token < entry.count; ++token) {
      const std::uint32_t end = begin + entry.ends[token];
      out.push_back({entry.ids[token], {from, end}});
      from = end;
    }
  }
  return {};
}

// Buffers of the models, reused from text to text.
struct ModelScratch {
  std::vector<Piece> words;  // that BPE cut pieces into
  std::vector<BpeSymbol> symbols;
  BpeMergeScratch merging;
  std::string spelling;  // of a character with its affixes
  WordCache word_cache;

  // Unigram: the best way to reach each byte.
  struct Arrival {
    double score;
    std::uint32_t begin;  // of its last token
    std::uint32_t id;
  };
  std::vector<Arrival> arrivals;
  std::vector<std::uint32_t> ends;  // of the tokens, last first
};

}  // namespace embd
