#include "tokenizer/pre_tokenizers/whitespace.h"

#include <cstdint>

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<PreTokenizer> Whitespace::FromJson(const JsonValue&) {
  return std::make_unique<Whitespace>();
}

Result<void> Whitespace::PreTokenize(Segment& segment) const {
  const char* text = segment.text.text.data();
  SplitPieces(segment, [text](const Piece& piece, std::vector<Piece>& out) {
    constexpr std::uint32_t kKinds = unicode::kAddedTokenWord | unicode::kWhitespace;
    std::uint32_t begin = piece.begin;
    std::uint32_t previous = 0;
    for (std::uint32_t at = piece.begin; at < piece.end;) {
      const unicode::DecodedChar c = unicode::DecodeValid(text + at);
      const std::uint32_t kind = unicode::CharFlags(c.scalar) & kKinds;
      if (kind != previous) {
        if (begin < at && previous != unicode::kWhitespace) out.push_back({begin, at});
        begin = at;
        previous = kind;
      }
      at += c.length;
    }
    if (begin < piece.end && previous != unicode::kWhitespace) out.push_back({begin, piece.end});
  });
  return {};
}

}  // namespace embd
