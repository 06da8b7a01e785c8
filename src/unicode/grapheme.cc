#include "unicode/grapheme.h"

#include <cstdint>

#include "unicode/char_properties.h"
#include "unicode/normalization.h"
#include "unicode/utf8.h"

namespace embd::unicode {
namespace {

constexpr char32_t kZeroWidthJoiner = 0x200D;

enum class Hangul : std::uint8_t { kNone, kLeading, kVowel, kTrailing, kOpen, kClosed };

// The Hangul syllable types, with the vowel signs of other scripts that behave alike.
Hangul HangulOf(char32_t c) {
  if ((c >= 0x1100 && c <= 0x115F) || (c >= 0xA960 && c <= 0xA97C)) return Hangul::kLeading;
  if ((c >= 0x1160 && c <= 0x11A7) || (c >= 0xD7B0 && c <= 0xD7C6) || c == 0x16D63 ||
      (c >= 0x16D67 && c <= 0x16D6A)) {
    return Hangul::kVowel;
  }
  if ((c >= 0x11A8 && c <= 0x11FF) || (c >= 0xD7CB && c <= 0xD7FB)) return Hangul::kTrailing;
  if (!IsHangulSyllable(c)) return Hangul::kNone;
  return (c - 0xAC00) % 28 == 0 ? Hangul::kOpen : Hangul::kClosed;
}

bool HangulJoins(Hangul before, Hangul after) {
  switch (before) {
    case Hangul::kLeading:
      return after != Hangul::kNone && after != Hangul::kTrailing;
    case Hangul::kVowel:
    case Hangul::kOpen:
      return after == Hangul::kVowel || after == Hangul::kTrailing;
    case Hangul::kTrailing:
    case Hangul::kClosed:
      return after == Hangul::kTrailing;
    case Hangul::kNone:
      return false;
  }
  return false;
}

// What the rules that look further back than one character need to know.
class Context {
 public:
  void Pass(char32_t c, std::uint32_t flags) {
    emoji_joined_ = emoji_ && c == kZeroWidthJoiner;
    emoji_ = (flags & kPictographic) ||
             (emoji_ && (flags & kPictographicExtends) && c != kZeroWidthJoiner);
    if (flags & kConjunctConsonant) {
      consonant_ = true;
      linked_ = false;
    } else if (flags & kConjunctLinker) {
      linked_ = consonant_;
    } else if (!(flags & kConjunctExtends)) {
      consonant_ = false;
      linked_ = false;
    }
  }
  bool Joins(std::uint32_t next) const {
    return (emoji_joined_ && (next & kPictographic)) || (linked_ && (next & kConjunctConsonant));
  }

 private:
  bool emoji_ = false;         // a pictograph, perhaps with marks
  bool emoji_joined_ = false;  // and a joiner
  bool consonant_ = false;     // an Indic consonant, perhaps with marks
  bool linked_ = false;        // one of which links it to the next one
};

}  // namespace

std::size_t GraphemeLength(std::string_view text) {
  DecodedChar c = DecodeValid(text.data());
  std::uint32_t flags = CharFlags(c.scalar);
  Hangul hangul = HangulOf(c.scalar);
  std::size_t length = c.length;
  Context context;
  while (length < text.size()) {
    context.Pass(c.scalar, flags);
    const DecodedChar next = DecodeValid(text.data() + length);
    const std::uint32_t next_flags = CharFlags(next.scalar);
    const Hangul next_hangul = HangulOf(next.scalar);
    if (c.scalar == '\r' && next.scalar == '\n') return length + 1;
    if ((flags | next_flags) & kGraphemeControl) return length;
    if (!(next_flags & kGraphemeExtends) && !(flags & kGraphemePrepend) &&
        !HangulJoins(hangul, next_hangul) && !context.Joins(next_flags)) {
      return length;
    }
    length += next.length;
    c = next;
    flags = next_flags;
    hangul = next_hangul;
  }
  return length;
}

}  // namespace embd::unicode
