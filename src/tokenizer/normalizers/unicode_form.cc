#include "tokenizer/normalizers/unicode_form.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "unicode/char_properties.h"
#include "unicode/normalization.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

// Puts starters and the marks after them together again. Changes add up so that a composed
// character stands for all that it was made of, as in the reference.
void ComposeInto(const std::vector<ChangedChar>& chars, TextRewriter& rewriter) {
  std::optional<ChangedChar> starter;
  std::vector<ChangedChar> waiting;  // marks after it that did not compose
  const auto flush = [&] {
    if (starter) rewriter.Put(starter->scalar, starter->change);
    for (const ChangedChar& mark : waiting) rewriter.Put(mark.scalar, mark.change);
    waiting.clear();
  };
  for (const ChangedChar& c : chars) {
    const std::uint8_t rank = unicode::CombiningRank(c.scalar);
    if (!starter) {
      if (rank != 0) {
        rewriter.Put(c.scalar, c.change);
      } else {
        starter = c;
      }
      continue;
    }
    const bool blocked = !waiting.empty() && unicode::CombiningRank(waiting.back().scalar) >= rank;
    const char32_t composed = blocked ? 0 : unicode::Compose(starter->scalar, c.scalar);
    if (composed != 0) {
      starter = {composed, starter->change + c.change - 1};
    } else if (rank == 0) {
      flush();
      starter = c;
    } else {
      waiting.push_back(c);
    }
  }
  flush();
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
  const std::vector<ChangedChar> chars = DecomposedChars(text.text, decomposition_);
  TextRewriter rewriter(text, spare);
  ComposeInto(chars, rewriter);
  rewriter.Finish();
  return {};
}

}  // namespace embd
