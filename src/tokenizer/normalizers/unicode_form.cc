#include "tokenizer/normalizers/unicode_form.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "unicode/char_properties.h"
#include "unicode/normalization.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

// Puts starters and the marks after them together again, in place. Changes add up so that a
// composed character stands for all that it was made of, as in the reference.
void ComposeInPlace(std::vector<ChangedChar>& chars) {
  std::optional<std::size_t> starter;  // the last one
  std::size_t count = 0;               // characters that stay so far
  for (const ChangedChar c : chars) {
    const std::uint8_t rank = unicode::CombiningRank(c.scalar);
    if (starter) {
      const bool blocked =
          *starter + 1 < count && unicode::CombiningRank(chars[count - 1].scalar) >= rank;
      ChangedChar& first = chars[*starter];
      const char32_t composed = blocked ? 0 : unicode::Compose(first.scalar, c.scalar);
      if (composed != 0) {
        first = {composed, first.change + c.change - 1};
        continue;
      }
    }
    if (rank == 0) starter = count;
    chars[count++] = c;
  }
  chars.resize(count);
}

}  // namespace

std::unique_ptr<Normalizer> UnicodeForm::Nfd(const JsonValue&) {
  return std::make_unique<UnicodeForm>(Decomposition::kCanonical, /*compose=*/false);
}
std::unique_ptr<Normalizer> UnicodeForm::Nfkd(const JsonValue&) {
  return std::make_unique<UnicodeForm>(Decomposition::kCompatible, /*compose=*/false);
}
std::unique_ptr<Normalizer> UnicodeForm::Nfc(const JsonValue&) {
  return std::make_unique<UnicodeForm>(Decomposition::kCanonical, /*compose=*/true);
}
std::unique_ptr<Normalizer> UnicodeForm::Nfkc(const JsonValue&) {
  return std::make_unique<UnicodeForm>(Decomposition::kCompatible, /*compose=*/true);
}

bool UnicodeForm::IsPlain(std::string_view text) const {
  const bool canonical = decomposition_ == Decomposition::kCanonical;
  std::uint32_t changing = unicode::kNonStarter;
  if (compose_) {
    changing |= canonical ? unicode::kNfcChanges : unicode::kNfkcChanges;
  } else {
    changing |= canonical ? unicode::kDecomposes : unicode::kCompatDecomposes;
  }
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<std::uint8_t>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const unicode::DecodedChar c = unicode::DecodeValid(text.data() + at);
    if (unicode::CharFlags(c.scalar) & changing) return false;
    at += c.length;
  }
  return true;
}

Result<void> UnicodeForm::Normalize(NormalizedText& text, NormalizedText& spare) const {
  if (IsPlain(text.text)) return {};
  if (!compose_) {
    Decompose(text, spare, decomposition_);
    return {};
  }
  DecomposeInto(text.text, decomposition_, spare.changes);
  ComposeInPlace(spare.changes);
  TextRewriter rewriter(text, spare);
  for (const ChangedChar& c : spare.changes) rewriter.Put(c.scalar, c.change);
  rewriter.Finish();
  return {};
}

}  // namespace embd
