#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "unicode/tables.h"

// Case and normalisation data of scalar values, in the Unicode versions of the reference tokenizer.
namespace embd::unicode {

namespace detail {
inline std::u32string_view PoolEntry(const char32_t* pool, std::size_t at) {
  return {pool + at + 1, static_cast<std::size_t>(pool[at])};
}
}  // namespace detail

// The lower case of `c`; empty when it is `c` itself. Does not look at the context.
inline std::u32string_view LowercaseOf(char32_t c) {
  return detail::PoolEntry(
      tables::kLowerPool,
      tables::kLowerBlocks[std::size_t{tables::kLowerIndex[c >> 6]} * 64 + (c & 63)]);
}

// Full canonical (NFD) and compatibility (NFKD) decompositions; empty when `c` stays itself and for
// Hangul syllables, which have their own functions.
inline std::u32string_view CanonicalDecomposition(char32_t c) {
  return detail::PoolEntry(
      tables::kCanonicalPool,
      tables::kCanonicalBlocks[std::size_t{tables::kCanonicalIndex[c >> 6]} * 64 + (c & 63)]);
}
inline std::u32string_view CompatDecomposition(char32_t c) {
  return detail::PoolEntry(
      tables::kCompatPool,
      tables::kCompatBlocks[std::size_t{tables::kCompatIndex[c >> 6]} * 64 + (c & 63)]);
}

inline bool IsHangulSyllable(char32_t c) { return c >= 0xAC00 && c <= 0xD7A3; }
// Writes the two or three letters of a Hangul syllable and returns how many.
std::size_t DecomposeHangul(char32_t syllable, char32_t (&letters)[3]);

// A number that orders characters as their canonical combining classes do; 0 is a starter.
inline std::uint8_t CombiningRank(char32_t c) {
  return tables::kClassBlocks[std::size_t{tables::kClassIndex[c >> 7]} * 128 + (c & 127)];
}

// The canonical composition of two characters, Hangul included; 0 when there is none.
char32_t Compose(char32_t first, char32_t second);

}  // namespace embd::unicode
