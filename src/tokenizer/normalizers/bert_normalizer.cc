#include "tokenizer/normalizers/bert_normalizer.h"

#include <algorithm>
#include <string_view>

#include "tokenizer/normalizers/canonical_order.h"
#include "unicode/char_properties.h"
#include "unicode/normalization.h"
#include "unicode/utf8.h"

namespace embd {

using unicode::CharFlags;

std::unique_ptr<Normalizer> BertNormalizer::FromJson(const JsonValue& json) {
  Options options;
  options.clean_text = json.Get("clean_text").Bool();
  options.handle_chinese_chars = json.Get("handle_chinese_chars").Bool();
  if (const auto strip = json.Find("strip_accents")) options.strip_accents = strip->Bool();
  options.lowercase = json.Get("lowercase").Bool();
  return std::make_unique<BertNormalizer>(options);
}

BertNormalizer::BertNormalizer(const Options& options)
    : clean_text_(options.clean_text),
      handle_chinese_chars_(options.handle_chinese_chars),
      strip_accents_(options.strip_accents.value_or(options.lowercase)),
      lowercase_(options.lowercase) {
  for (char32_t c = 0; c < 128; ++c) {
    const std::uint32_t flags = CharFlags(c);
    char out = static_cast<char>(c);
    if (clean_text_ && (flags & unicode::kWhitespace)) out = ' ';
    if (lowercase_ && c >= 'A' && c <= 'Z') out = static_cast<char>(c + ('a' - 'A'));
    ascii_[c] = out;
    kept_[c] = !(clean_text_ && (flags & unicode::kBertRemoved));
  }
}

// One pass over a text. Every step maps a character by itself, so they can be done together, except
// that NFD may reorder marks. Most marks are dropped in the next step; a text with one that is not
// gives up and is done in steps.
class BertNormalizer::Pass {
 public:
  Pass(const BertNormalizer& options, const NormalizedText& source, NormalizedText& target)
      : options_(options), source_(source), target_(target) {
    target_.tracked = source.tracked;
    target_.origins.clear();
    target_.text.resize(source.text.size() + kRoom);
  }

  // False when the text must be done in steps; the target is then rubbish.
  bool Run() {
    const std::string_view text = source_.text;
    while (from_ < text.size()) {
      if (static_cast<std::uint8_t>(text[from_]) < 0x80) {
        Ascii();
      } else if (!Other()) {
        return false;
      }
    }
    target_.text.resize(to_);
    return true;
  }

 private:
  static constexpr std::size_t kRoom = 64;   // more than one character can become
  static constexpr std::size_t kBlock = 16;  // ASCII bytes done at a time

  // Printable ASCII in blocks that the compiler turns into vector code; then byte by byte.
  void Ascii() {
    const std::string_view text = source_.text;
    const std::uint8_t case_bit = options_.lowercase_ ? 0x20 : 0;
    char* out = target_.text.data();
    const std::size_t start = from_;
    while (!source_.tracked && from_ + kBlock <= text.size() &&
           to_ + kBlock <= target_.text.size()) {
      std::uint8_t block[kBlock];
      std::copy_n(text.data() + from_, kBlock, block);
      std::uint8_t special = 0;
      for (std::uint8_t& byte : block) {
        special |= static_cast<std::uint8_t>(static_cast<std::uint8_t>(byte - 0x20) >= 0x5F);
        const bool upper = static_cast<std::uint8_t>(byte - 'A') < 26;
        byte = static_cast<std::uint8_t>(byte + (upper ? case_bit : 0));
      }
      if (special != 0) break;
      std::copy_n(block, kBlock, out + to_);
      from_ += kBlock;
      to_ += kBlock;
    }
    const std::size_t limit = std::min(text.size(), std::max(from_, start + 1) + kBlock);
    for (; from_ < limit; ++from_) {
      const auto byte = static_cast<std::uint8_t>(text[from_]);
      if (byte >= 0x80) return;
      if (!options_.kept_[byte]) continue;
      Reserve();
      target_.text[to_++] = options_.ascii_[byte];
      if (source_.tracked) target_.origins.push_back(source_.origins[from_]);
    }
  }

  // One character that is not ASCII.
  bool Other() {
    const auto [c, length] = unicode::DecodeValid(source_.text.data() + from_);
    const std::uint32_t flags = CharFlags(c);
    if (options_.clean_text_ && (flags & unicode::kBertRemoved)) {
      from_ += length;
      return true;
    }
    Reserve();
    if (options_.clean_text_ && (flags & unicode::kWhitespace)) {
      Emit(U' ');
      from_ += length;
      return true;
    }
    const bool isolate = options_.handle_chinese_chars_ && (flags & unicode::kChinese);
    if (isolate) Emit(U' ');
    if (!options_.strip_accents_) {
      EmitLower(c, flags);
    } else if (!Strip(c, flags)) {
      return false;
    }
    if (isolate) Emit(U' ');
    from_ += length;
    return true;
  }

  // NFD, marks dropped.
  bool Strip(char32_t c, std::uint32_t flags) {
    if (!(flags & unicode::kDecomposes)) return EmitUnmarked(c, flags);
    char32_t letters[3];
    std::u32string_view parts = unicode::CanonicalDecomposition(c);
    if (unicode::IsHangulSyllable(c)) parts = {letters, unicode::DecomposeHangul(c, letters)};
    return std::all_of(parts.begin(), parts.end(),
                       [this](char32_t part) { return EmitUnmarked(part, CharFlags(part)); });
  }

  bool EmitUnmarked(char32_t c, std::uint32_t flags) {
    if (flags & unicode::kNonspacingMark) return true;
    if (flags & unicode::kNonStarter) return false;
    EmitLower(c, flags);
    return true;
  }

  void EmitLower(char32_t c, std::uint32_t flags) {
    if (options_.lowercase_ && (flags & unicode::kLowercases)) {
      for (const char32_t lower : unicode::LowercaseOf(c)) Emit(lower);
    } else {
      Emit(c);
    }
  }

  void Emit(char32_t c) {
    const std::uint32_t length = unicode::Encode(c, target_.text.data() + to_);
    to_ += length;
    if (source_.tracked) {
      target_.origins.insert(target_.origins.end(), length, source_.origins[from_]);
    }
  }

  void Reserve() {
    if (to_ + kRoom > target_.text.size()) target_.text.resize(target_.text.size() * 2 + kRoom);
  }

  const BertNormalizer& options_;
  const NormalizedText& source_;
  NormalizedText& target_;
  std::size_t from_ = 0;
  std::size_t to_ = 0;
};

Result<void> BertNormalizer::Normalize(NormalizedText& text, NormalizedText& spare) const {
  if (!Pass(*this, text, spare).Run()) {
    NormalizeInSteps(text, spare);
    return {};
  }
  std::swap(text.text, spare.text);
  std::swap(text.origins, spare.origins);
  return {};
}

void BertNormalizer::NormalizeInSteps(NormalizedText& text, NormalizedText& spare) const {
  const auto filter = [&](std::uint32_t dropped) {
    TextRewriter rewriter(text, spare);
    while (!rewriter.AtEnd()) {
      const auto [c, length] = unicode::DecodeValid(text.text.data() + rewriter.position());
      if (CharFlags(c) & dropped) {
        rewriter.Drop(length);
      } else {
        rewriter.Keep(length);
      }
    }
    rewriter.Finish();
  };
  const auto each = [&](auto put) {
    TextRewriter rewriter(text, spare);
    while (!rewriter.AtEnd()) {
      put(rewriter, unicode::DecodeValid(text.text.data() + rewriter.position()).scalar);
    }
    rewriter.Finish();
  };
  if (clean_text_) {
    filter(unicode::kBertRemoved);
    each([](TextRewriter& out, char32_t c) { out.Put(unicode::IsWhitespace(c) ? U' ' : c, 0); });
  }
  if (handle_chinese_chars_) {
    each([](TextRewriter& out, char32_t c) {
      const bool isolate = (CharFlags(c) & unicode::kChinese) != 0;
      out.Put(isolate ? U' ' : c, 0);
      if (!isolate) return;
      out.Put(c, 1);
      out.Put(U' ', 1);
    });
  }
  if (strip_accents_) {
    Decompose(text, spare, Decomposition::kCanonical);
    filter(unicode::kNonspacingMark);
  }
  if (lowercase_) {
    each([](TextRewriter& out, char32_t c) {
      const std::u32string_view lower = unicode::LowercaseOf(c);
      if (lower.empty()) out.Put(c, 0);
      for (std::size_t i = 0; i < lower.size(); ++i) out.Put(lower[i], i == 0 ? 0 : 1);
    });
  }
}

}  // namespace embd
