#pragma once

#include <cstdint>

#include "base/result.h"
#include "json/json_document.h"
#include "tokenizer/patterns/text_pattern.h"
#include "tokenizer/segment.h"
#include "unicode/utf8.h"

namespace embd {

// What becomes of the delimiters that a pre-tokenizer finds, shown on "the-final--countdown":
enum class SplitBehavior : std::uint8_t {
  kRemoved,             // the final countdown
  kIsolated,            // the - final - - countdown
  kMergedWithPrevious,  // the- final- - countdown
  kMergedWithNext,      // the -final - -countdown
  kContiguous,          // the - final -- countdown
};

// Throws LoadError for a name that is none.
SplitBehavior SplitBehaviorFromJson(const JsonValue& json);

// Puts the pieces of one piece together: call Add for the delimiters and for what is between, from
// left to right, then Finish.
class SplitBuilder {
 public:
  SplitBuilder(SplitBehavior behavior, std::vector<Piece>& out) : behavior_(behavior), out_(out) {}

  void Add(std::uint32_t begin, std::uint32_t end, bool delimiter);
  void Finish();

 private:
  void Push(std::uint32_t begin, std::uint32_t end) {
    if (begin < end) out_.push_back({begin, end});
  }

  SplitBehavior behavior_;
  std::vector<Piece>& out_;
  bool after_delimiter_ = false;
  bool open_ = false;  // current_ may still grow
  Piece current_;
};

// Splits with every character for which `is_delimiter(scalar)` holds as a delimiter.
template <typename Predicate>
void SplitOnChars(Segment& segment, SplitBehavior behavior, Predicate is_delimiter) {
  const char* text = segment.text.text.data();
  SplitPieces(segment, [&](const Piece& piece, std::vector<Piece>& out) {
    SplitBuilder builder(behavior, out);
    std::uint32_t begin = piece.begin;
    for (std::uint32_t at = piece.begin; at < piece.end;) {
      const unicode::DecodedChar c = unicode::DecodeValid(text + at);
      if (is_delimiter(c.scalar)) {
        if (begin < at) builder.Add(begin, at, /*delimiter=*/false);
        builder.Add(at, at + c.length, /*delimiter=*/true);
        begin = at + c.length;
      }
      at += c.length;
    }
    if (begin < piece.end) builder.Add(begin, piece.end, /*delimiter=*/false);
    builder.Finish();
  });
}

// Splits with the matches of `pattern` as delimiters, or (invert) with what is between them.
Result<void> SplitOnMatches(Segment& segment, const TextPattern& pattern, SplitBehavior behavior,
                            bool invert);

}  // namespace embd
