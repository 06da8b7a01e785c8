#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tokenizer/models/merge_table.h"
#include "tokenizer/segment.h"

namespace embd {

// A character, or byte, that a BPE word starts as, or what some of them were merged into.
struct BpeSymbol {
  std::uint32_t id;
  std::uint32_t length;  // bytes; never 0
};

// Buffers for the merging of long words.
struct BpeMergeScratch {
  // A symbol in a doubly linked list.
  struct Link {
    std::uint32_t id;
    std::uint32_t length;  // 0: merged into one before
    std::int32_t previous;
    std::int32_t next;
  };
  // A merge that may be done.
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t position;
    std::uint32_t merged;
  };
  std::vector<Link> links;
  std::vector<Link> next_links;
  std::vector<Candidate> queue;
};

// Whether the text of a merged token is always that of its two parts. Only then is a long word
// merged in windows, in linear time and bounded memory.
enum class MergeTexts : std::uint8_t { kConcatenated, kWithoutPrefix };

// Does all merges in `symbols`, the word that starts at `begin`, and appends the tokens that
// remain. What is in `symbols` afterwards does not matter.
void MergeSymbols(const MergeTable& merges, MergeTexts texts, std::span<BpeSymbol> symbols,
                  std::uint32_t begin, BpeMergeScratch& scratch, std::vector<Token>& out);

}  // namespace embd
