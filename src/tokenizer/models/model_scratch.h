#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/segment.h"

namespace embd {

// What BPE made of short words that it has met: one word a place, the latest one stays.
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

  // Forgets everything unless it was last used by `owner`, a number that no two models share.
  void BelongTo(std::uint64_t owner);
  // The entry for `word`, of 1 to kMaxWordBytes bytes; `hit` says whether it is the word's own.
  Entry& Lookup(std::string_view word, bool& hit);
  // Makes it the word's own with these tokens, unless they are too many.
  static void Store(Entry& entry, std::string_view word, std::uint32_t begin, const Token* tokens,
                    std::size_t count);

 private:
  static constexpr std::size_t kEntries = 1 << 14;

  std::vector<Entry> entries_;
  std::uint64_t owner_ = 0;
};

// Buffers of the models, reused from text to text.
struct ModelScratch {
  // BPE: the symbols of a word as a doubly linked list, and the merges that may be done.
  struct Symbol {
    std::uint32_t id;
    std::uint32_t length;  // bytes; 0: merged into one before
    std::int32_t previous;
    std::int32_t next;
  };
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t position;
    std::uint32_t merged;
  };
  std::vector<Symbol> symbols;
  std::vector<Candidate> candidates;
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
