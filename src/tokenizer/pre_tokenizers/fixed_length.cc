#include "tokenizer/pre_tokenizers/fixed_length.h"

#include <limits>

#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<PreTokenizer> FixedLength::FromJson(const JsonValue& json) {
  constexpr std::int64_t kDefault = 5;
  const std::int64_t length =
      json.IntegerOr("length", kDefault, 1, std::numeric_limits<std::int64_t>::max());
  return std::make_unique<FixedLength>(static_cast<std::uint64_t>(length));
}

Result<void> FixedLength::PreTokenize(Segment& segment) const {
  const char* text = segment.text.text.data();
  SplitPieces(segment, [text, this](const Piece& piece, std::vector<Piece>& out) {
    std::uint32_t begin = piece.begin;
    std::uint64_t count = 0;
    for (std::uint32_t at = piece.begin; at < piece.end;) {
      at += unicode::DecodeValid(text + at).length;
      if (++count < length_ && at < piece.end) continue;
      out.push_back({begin, at});
      begin = at;
      count = 0;
    }
  });
  return {};
}

}  // namespace embd
