#pragma once

#include <cstddef>
#include <cstdint>
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

struct TruncationRule {
  TruncationStrategy strategy = TruncationStrategy::kLongestFirst;
  std::size_t limit = 0;   // tokens that may stay
  std::size_t stride = 0;  // EncodeOptions::stride
};

// How many of `first` and `second` tokens stay; no `second` is an input that is no pair. Errors of
// kind kTokenizer, as the reference has them:
// - only one sequence may lose tokens, and it does not have more than must go, or is not there;
// - a sequence that is cut keeps no more than `stride` tokens (none at all is fine).
Result<KeptTokens> Truncate(std::size_t first, std::optional<std::size_t> second,
                            const TruncationRule& rule);

// How many of `first` and `second` (0 when there is none) tokens stay when at most `limit` may.
// Longest first: the longer sequence is cut down to the shorter one, then both alike, the second
// one keeping the odd token unless it was the shorter one.
KeptTokens TruncateLongestFirst(std::size_t first, std::size_t second, std::size_t limit);

}  // namespace embd
