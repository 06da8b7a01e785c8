#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "tokenizer/normalized_text.h"

namespace embd {

inline constexpr std::uint32_t kNoToken = std::numeric_limits<std::uint32_t>::max();

// A part of a segment's text: what a pre-tokenizer gave as one word, or an added token.
struct Piece {
  std::uint32_t begin = 0;  // bytes of the segment's text
  std::uint32_t end = 0;
  std::uint32_t token = kNoToken;  // the id, when the piece is an added token

  bool is_token() const { return token != kNoToken; }
  bool operator==(const Piece&) const = default;
};

// The stretch of an input between two added tokens that match the original text (mostly: all of
// it), with the buffers to work on it. Reused from text to text.
struct Segment {
  NormalizedText text;
  std::vector<Piece> pieces;
  std::uint32_t original_begin = 0;  // where it starts in the input

  NormalizedText spare_text;
  std::vector<Piece> spare_pieces;
  std::vector<ByteRange> matches;

  std::string_view TextOf(const Piece& piece) const {
    return std::string_view(text.text).substr(piece.begin, piece.end - piece.begin);
  }
};

// Replaces every piece that is not a token by what `split(piece, out)` appends to `out`.
template <typename Split>
void SplitPieces(Segment& segment, Split split) {
  segment.spare_pieces.clear();
  for (const Piece& piece : segment.pieces) {
    if (piece.is_token()) {
      segment.spare_pieces.push_back(piece);
    } else {
      split(piece, segment.spare_pieces);
    }
  }
  segment.pieces.swap(segment.spare_pieces);
}

// Rewrites the text piece by piece: `rewrite(piece, rewriter)` consumes the piece's bytes and says
// what becomes of them. Added tokens stay as they are.
template <typename Rewrite>
void RewritePieces(Segment& segment, Rewrite rewrite) {
  TextRewriter rewriter(segment.text, segment.spare_text);
  for (Piece& piece : segment.pieces) {
    rewriter.Seek(piece.begin);
    const auto begin = static_cast<std::uint32_t>(rewriter.written());
    if (piece.is_token()) {
      rewriter.Keep(piece.end - piece.begin);
    } else {
      rewrite(piece, rewriter);
    }
    piece.begin = begin;
    piece.end = static_cast<std::uint32_t>(rewriter.written());
  }
  rewriter.Finish();
}

// How many whitespace characters (or Ġ, which stands for a space) the spelling of a token starts
// and ends with.
struct TokenSpaces {
  std::uint32_t leading = 0;
  std::uint32_t trailing = 0;

  static TokenSpaces Of(std::string_view spelling);
};

// One token of the model: a vocabulary id and what it covers, in bytes of the segment's text at
// first and of the input in the end.
struct Token {
  std::uint32_t id = 0;
  ByteRange range;
  bool operator==(const Token&) const = default;
};

}  // namespace embd
