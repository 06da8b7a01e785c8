#include "tokenizer/pre_tokenizers/bert_pre_tokenizer.h"

#include <array>
#include <cstdint>

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

enum class Kind : std::uint8_t { kWord, kSpace, kPunctuation };

Kind KindOf(char32_t c) {
  const std::uint32_t flags = unicode::CharFlags(c);
  if (flags & unicode::kWhitespace) return Kind::kSpace;
  return flags & unicode::kBertPunctuation ? Kind::kPunctuation : Kind::kWord;
}

const std::array<Kind, 128> kAsciiKinds = [] {
  std::array<Kind, 128> kinds{};
  for (char32_t c = 0; c < 128; ++c) kinds[c] = KindOf(c);
  return kinds;
}();

}  // namespace

std::unique_ptr<PreTokenizer> BertPreTokenizer::FromJson(const JsonValue&) {
  return std::make_unique<BertPreTokenizer>();
}

Result<void> BertPreTokenizer::PreTokenize(Segment& segment) const {
  const char* text = segment.text.text.data();
  SplitPieces(segment, [text](const Piece& piece, std::vector<Piece>& out) {
    std::uint32_t word = piece.begin;
    std::uint32_t at = piece.begin;
    while (at < piece.end) {
      const auto byte = static_cast<std::uint8_t>(text[at]);
      std::uint32_t length = 1;
      Kind kind = Kind::kWord;
      if (byte < 0x80) {
        kind = kAsciiKinds[byte];
      } else {
        const unicode::DecodedChar decoded = unicode::DecodeValid(text + at);
        length = decoded.length;
        kind = KindOf(decoded.scalar);
      }
      if (kind != Kind::kWord) {
        if (word < at) out.push_back({word, at});
        if (kind == Kind::kPunctuation) out.push_back({at, at + length});
        word = at + length;
      }
      at += length;
    }
    if (word < piece.end) out.push_back({word, piece.end});
  });
  return {};
}

}  // namespace embd
