#pragma once

#include <cstdint>
#include <vector>

#include "tokenizer/normalized_text.h"

namespace embd {

enum class Decomposition : std::uint8_t { kCanonical, kCompatible };

// Makes `chars` NFD or NFKD of `text`: decomposed, with runs of marks in canonical order. Each
// character keeps its change when it moves, as in the reference, which is what its origins follow.
void DecomposeInto(std::string_view text, Decomposition form, std::vector<ChangedChar>& chars);

// Rewrites `text` in NFD or NFKD.
void Decompose(NormalizedText& text, NormalizedText& spare, Decomposition form);

}  // namespace embd
