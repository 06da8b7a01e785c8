#pragma once

#include <span>
#include <string>

#include "tokenizer/tokenizer.h"

namespace embd {

struct TokenizerSpeed {
  double mb_per_s = 0;  // of input text, in 10^6 bytes, all threads together
  double tokens_per_s = 0;
};

// Encodes `texts` (not empty, valid UTF-8) over and over, ids only, with special tokens, on so many
// threads for about `seconds`.
TokenizerSpeed MeasureTokenizer(const Tokenizer& tokenizer, std::span<const std::string> texts,
                                int threads, double seconds);

}  // namespace embd
