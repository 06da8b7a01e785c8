#include "tokenizer/pre_tokenizers/unicode_scripts.h"

#include <cstdint>

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<PreTokenizer> UnicodeScripts::FromJson(const JsonValue&) {
  return std::make_unique<UnicodeScripts>();
}

Result<void> UnicodeScripts::PreTokenize(Segment& segment) const {
  const char* text = segment.text.text.data();
  SplitPieces(segment, [text](const Piece& piece, std::vector<Piece>& out) {
    std::uint8_t last = 0;
    std::uint32_t begin = piece.begin;
    for (std::uint32_t at = piece.begin; at < piece.end;) {
      const unicode::DecodedChar c = unicode::DecodeValid(text + at);
      const std::uint8_t script = unicode::ScriptOf(c.scalar);
      if (script != 0 && script != last) {
        if (last != 0) out.push_back({begin, at});
        begin = at;
        last = script;
      }
      at += c.length;
    }
    if (last != 0) out.push_back({begin, piece.end});
  });
  return {};
}

}  // namespace embd
