#include "unicode/normalization.h"

#include <algorithm>

namespace embd::unicode {
namespace {

// Layout of the Hangul block (The Unicode Standard, section 3.12).
constexpr char32_t kSyllables = 0xAC00;
constexpr char32_t kLeading = 0x1100;
constexpr char32_t kVowels = 0x1161;
constexpr char32_t kTrailing = 0x11A7;  // one before the first: number 0 is `none`
constexpr char32_t kLeadingCount = 19;
constexpr char32_t kVowelCount = 21;
constexpr char32_t kTrailingCount = 28;
constexpr char32_t kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

}  // namespace

std::size_t DecomposeHangul(char32_t syllable, char32_t (&letters)[3]) {
  const char32_t number = syllable - kSyllables;
  letters[0] = kLeading + number / (kVowelCount * kTrailingCount);
  letters[1] = kVowels + number / kTrailingCount % kVowelCount;
  letters[2] = kTrailing + number % kTrailingCount;
  return number % kTrailingCount == 0 ? 2 : 3;
}

char32_t Compose(char32_t first, char32_t second) {
  if (first - kLeading < kLeadingCount && second - kVowels < kVowelCount) {
    return kSyllables + ((first - kLeading) * kVowelCount + (second - kVowels)) * kTrailingCount;
  }
  if (first - kSyllables < kSyllableCount && (first - kSyllables) % kTrailingCount == 0 &&
      second > kTrailing && second < kTrailing + kTrailingCount) {
    return first + (second - kTrailing);
  }
  const tables::Composition* end = tables::kCompositions + tables::kCompositionCount;
  const tables::Composition* found = std::lower_bound(
      tables::kCompositions, end, std::pair(first, second), [](const auto& entry, const auto& key) {
        return std::pair(entry.first, entry.second) < key;
      });
  if (found == end || found->first != first || found->second != second) return 0;
  return found->composed;
}

}  // namespace embd::unicode
