#pragma once

#include <cstdint>
#include <vector>

#include "tokenizer/normalized_text.h"

namespace embd {

enum class Decomposition : std::uint8_t { kCanonical, kCompatible };

// A character on its way through a normalisation form, with the change that TextRewriter::Put
// takes.
struct ChangedChar {
  char32_t scalar = 0;
  std::int64_t change = 0;
};

// NFD or NFKD of `text` as a list: decomposed, with runs of marks in canonical order. Each
// character keeps its change when it moves, as in the reference, which is what its origins follow.
std::vector<ChangedChar> DecomposedChars(std::string_view text, Decomposition form);

// Rewrites `text` in NFD or NFKD.
void Decompose(NormalizedText& text, NormalizedText& spare, Decomposition form);

}  // namespace embd
