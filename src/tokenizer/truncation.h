#pragma once

#include <cstddef>
#include <optional>

#include "base/result.h"
#include "tokenizer/encoding.h"

namespace embd {

// Tokens of the two sequences that stay.
struct KeptTokens {
  std::size_t first = 0;
  std::size_t second = 0;
  bool operator==(const KeptTokens&) const = default;
};

// How many of `first` and `second` (0 when there is none) tokens stay when at most `limit` may.
// Longest first: the longer sequence is cut down to the shorter one, then both alike, the second
// one keeping the odd token unless it was the shorter one.
KeptTokens TruncateLongestFirst(std::size_t first, std::size_t second, std::size_t limit);

}  // namespace embd
