#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/encoding.h"

namespace embd {

// A character on its way through a normalizer, with the change that TextRewriter::Put takes.
struct ChangedChar {
  char32_t scalar = 0;
  std::int64_t change = 0;
};

// A text on its way from the original to the model: what the normalizers, and some pre-tokenizers,
// have made of it. Nobody asks for offsets most of the time: then `tracked` is false and `origins`
// empty. Otherwise `origins` has one entry per byte of `text`: the bytes of the original (counted
// from the start of this stretch of it) that it came from; all bytes of a character share theirs.
struct NormalizedText {
  std::string text;
  std::vector<ByteRange> origins;
  bool tracked = false;

  // Room for normalizers to work in, reused from text to text.
  std::vector<ChangedChar> changes;
  std::vector<ByteRange> matches;

  // Starts over as an exact copy of `original`.
  void Assign(std::string_view original, bool track);
};

// Rewrites a NormalizedText character by character and keeps the origins right, in the terms of the
// reference: each character of the result either replaces the next one of the source, or
// is an additional one that shares the origin of what comes before it.
class TextRewriter {
 public:
  // `spare` is a buffer whose content does not matter; Finish exchanges it with the text's.
  TextRewriter(NormalizedText& text, NormalizedText& spare);

  bool AtEnd() const { return position_ == text_.text.size(); }
  // Bytes of the source consumed so far.
  std::size_t position() const { return position_; }

  // `change` is 0 when `c` replaces the next character of the source, -n when it also swallows the
  // n characters after that one, positive when it is an additional character.
  void Put(char32_t c, std::int64_t change);
  // Copies the next `bytes` bytes of the source.
  void Keep(std::size_t bytes);
  // Drops the next `bytes` bytes of the source.
  void Drop(std::size_t bytes) { position_ += bytes; }
  // An additional character or string after what has been consumed.
  void Insert(std::string_view added);
  // An additional string before the next character, whose origin it shares.
  void InsertBeforeNext(std::string_view added);
  // Goes on at another place of the source: what is skipped is dropped, and what is gone back over
  // can be read again.
  void Seek(std::size_t position) { position_ = position; }
  // Bytes of the result so far.
  std::size_t written() const { return spare_.text.size(); }
  // What was not consumed is dropped.
  void Finish();

 private:
  std::size_t NextChar() const;

  NormalizedText& text_;
  NormalizedText& spare_;
  std::size_t position_ = 0;
};

}  // namespace embd
