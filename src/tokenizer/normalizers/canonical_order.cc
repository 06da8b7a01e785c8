#include "tokenizer/normalizers/canonical_order.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "unicode/char_properties.h"
#include "unicode/normalization.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

void SortMarks(std::vector<ChangedChar>& chars, std::size_t begin) {
  const std::size_t count = chars.size() - begin;
  if (count < 2) return;
  constexpr std::size_t kFew = 16;
  if (count <= kFew) {
    for (std::size_t i = begin + 1; i < chars.size(); ++i) {
      const ChangedChar mark = chars[i];
      std::size_t to = i;
      for (; to > begin &&
             unicode::CombiningRank(chars[to - 1].scalar) > unicode::CombiningRank(mark.scalar);
           --to) {
        chars[to] = chars[to - 1];
      }
      chars[to] = mark;
    }
    return;
  }
  std::stable_sort(chars.begin() + static_cast<std::ptrdiff_t>(begin), chars.end(),
                   [](const ChangedChar& a, const ChangedChar& b) {
                     return unicode::CombiningRank(a.scalar) < unicode::CombiningRank(b.scalar);
                   });
}

}  // namespace

void DecomposeInto(std::string_view text, Decomposition form, std::vector<ChangedChar>& chars) {
  chars.clear();
  std::size_t run = 0;  // where the run of characters since the last starter begins
  const auto add = [&](char32_t c, std::int64_t change) {
    if (unicode::CombiningRank(c) == 0) {
      SortMarks(chars, run);
      run = chars.size() + 1;
    }
    chars.push_back({c, change});
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto [c, length] = unicode::DecodeValid(text.data() + at);
    at += length;
    char32_t letters[3];
    std::u32string_view parts = form == Decomposition::kCanonical
                                    ? unicode::CanonicalDecomposition(c)
                                    : unicode::CompatDecomposition(c);
    if (unicode::IsHangulSyllable(c)) parts = {letters, unicode::DecomposeHangul(c, letters)};
    if (parts.empty()) parts = {&c, 1};
    for (std::size_t i = 0; i < parts.size(); ++i) add(parts[i], i == 0 ? 0 : 1);
  }
  SortMarks(chars, std::min(run, chars.size()));
}

void Decompose(NormalizedText& text, NormalizedText& spare, Decomposition form) {
  DecomposeInto(text.text, form, spare.changes);
  TextRewriter rewriter(text, spare);
  for (const ChangedChar& c : spare.changes) rewriter.Put(c.scalar, c.change);
  rewriter.Finish();
}

}  // namespace embd
