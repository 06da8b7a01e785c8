#include "tokenizer/pre_tokenizers/byte_level.h"

#include <algorithm>

#include "tokenizer/byte_level_alphabet.h"
#include "tokenizer/split_behavior.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<PreTokenizer> ByteLevel::FromJson(const JsonValue& json) {
  json.Get("trim_offsets").Bool();
  return std::make_unique<ByteLevel>(json.Get("add_prefix_space").Bool(),
                                     json.BoolOr("use_regex", true));
}

Result<void> ByteLevel::PreTokenize(Segment& segment) const {
  const auto lacks_space = [&segment](const Piece& piece) {
    return !piece.is_token() && segment.text.text[piece.begin] != ' ';
  };
  if (add_prefix_space_ && std::any_of(segment.pieces.begin(), segment.pieces.end(), lacks_space)) {
    RewritePieces(segment, [&](const Piece& piece, TextRewriter& rewriter) {
      if (lacks_space(piece)) rewriter.InsertBeforeNext(" ");
      rewriter.Keep(piece.end - piece.begin);
    });
  }
  if (use_regex_) {
    Result<void> done = SplitOnMatches(segment, pattern_, SplitBehavior::kIsolated,
                                       /*invert=*/false);
    if (!done) return done;
  }
  if (keep_bytes_) return {};
  RewritePieces(segment, [&segment](const Piece& piece, TextRewriter& rewriter) {
    const std::string& text = segment.text.text;
    for (std::uint32_t at = piece.begin; at < piece.end; ++at) {
      const char byte = text[at];
      rewriter.Put(kByteChars[static_cast<std::uint8_t>(byte)],
                   unicode::IsContinuation(byte) ? 1 : 0);
    }
  });
  return {};
}

}  // namespace embd
