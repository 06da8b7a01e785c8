#pragma once

#include <cstddef>
#include <cstdint>

#include "unicode/tables.h"

// Properties of Unicode scalar values as the reference tokenizer sees them (its parts pin different
// Unicode versions). Every function needs a scalar value: below 0x110000.
namespace embd::unicode {

// The order of FLAGS in tools/unicode_generate_tables.py.
inline constexpr std::uint32_t kBertRemoved = 1u << 0;      // BertNormalizer's clean_text drops it
inline constexpr std::uint32_t kWhitespace = 1u << 1;       // White_Space
inline constexpr std::uint32_t kBertPunctuation = 1u << 2;  // ASCII or Unicode punctuation
inline constexpr std::uint32_t kNonspacingMark = 1u << 3;   // strip_accents drops it
inline constexpr std::uint32_t kCombiningMark = 1u << 4;    // StripAccents drops it
inline constexpr std::uint32_t kChinese = 1u << 5;          // handle_chinese_chars isolates it
inline constexpr std::uint32_t kLowercases = 1u << 6;       // has another lower case
inline constexpr std::uint32_t kDecomposes = 1u << 7;       // has another NFD
inline constexpr std::uint32_t kCompatDecomposes = 1u << 8;
inline constexpr std::uint32_t kNonStarter = 1u << 9;       // canonical combining class above 0
inline constexpr std::uint32_t kAddedTokenWord = 1u << 10;  // \w for single-word added tokens
inline constexpr std::uint32_t kNumeric = 1u << 11;         // Digits
inline constexpr std::uint32_t kRegexSpace = 1u << 12;      // \s of patterns
inline constexpr std::uint32_t kRegexWord = 1u << 13;       // \w of patterns
inline constexpr std::uint32_t kAlphabetic = 1u << 14;
inline constexpr std::uint32_t kNmtRemoved = 1u << 15;
inline constexpr std::uint32_t kNmtSpace = 1u << 16;
inline constexpr std::uint32_t kNfcChanges = 1u << 17;   // has another NFC, or may compose
inline constexpr std::uint32_t kNfkcChanges = 1u << 18;  // likewise NFKC; both but for non-starters
// For the boundaries of grapheme clusters (grapheme.h).
inline constexpr std::uint32_t kGraphemeExtends = 1u << 19;  // joins what is before it
inline constexpr std::uint32_t kGraphemeControl = 1u << 20;  // joins nothing
inline constexpr std::uint32_t kGraphemePrepend = 1u << 21;  // joins what is after it
inline constexpr std::uint32_t kPictographic = 1u << 22;
inline constexpr std::uint32_t kPictographicExtends = 1u << 23;
inline constexpr std::uint32_t kConjunctConsonant = 1u << 24;
inline constexpr std::uint32_t kConjunctLinker = 1u << 25;
inline constexpr std::uint32_t kConjunctExtends = 1u << 26;

// General categories as patterns (\p{L}...) see them.
enum class Category : std::uint8_t {
  kUnassigned,
  kLu,
  kLl,
  kLt,
  kLm,
  kLo,
  kMn,
  kMc,
  kMe,
  kNd,
  kNl,
  kNo,
  kPc,
  kPd,
  kPs,
  kPe,
  kPi,
  kPf,
  kPo,
  kSm,
  kSc,
  kSk,
  kSo,
  kZs,
  kZl,
  kZp,
  kCc,
  kCf,
  kCs,
  kCo,
};

// All flags of `c`, with its category in the topmost five bits.
inline std::uint32_t CharFlags(char32_t c) {
  return tables::kFlagCombos[tables::kFlagBlocks[std::size_t{tables::kFlagIndex[c >> 7]} * 128 +
                                                 (c & 127)]];
}

inline Category CategoryOf(std::uint32_t flags) { return static_cast<Category>(flags >> 27); }

inline bool IsWhitespace(char32_t c) { return (CharFlags(c) & kWhitespace) != 0; }

// Number of the script; 0 for those that go with any script.
inline std::uint8_t ScriptOf(char32_t c) {
  return tables::kScriptBlocks[std::size_t{tables::kScriptIndex[c >> 7]} * 128 + (c & 127)];
}

}  // namespace embd::unicode
