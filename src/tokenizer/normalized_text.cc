#include "tokenizer/normalized_text.h"

#include <algorithm>
#include <utility>

#include "unicode/utf8.h"

namespace embd {

void NormalizedText::Assign(std::string_view original, bool track) {
  text.assign(original);
  tracked = track;
  origins.clear();
  if (!track) return;
  origins.reserve(original.size());
  for (std::size_t at = 0; at < original.size();) {
    const std::size_t length = unicode::DecodeValid(original.data() + at).length;
    const ByteRange range{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + length)};
    origins.insert(origins.end(), length, range);
    at += length;
  }
}

TextRewriter::TextRewriter(NormalizedText& text, NormalizedText& spare)
    : text_(text), spare_(spare) {
  spare_.text.clear();
  spare_.origins.clear();
  spare_.tracked = text.tracked;
}

std::size_t TextRewriter::NextChar() const {
  return AtEnd() ? 0 : unicode::DecodeValid(text_.text.data() + position_).length;
}

void TextRewriter::Put(char32_t c, std::int64_t change) {
  char bytes[4];
  const std::string_view encoded(bytes, unicode::Encode(c, bytes));
  if (change > 0) {
    Insert(encoded);
    return;
  }
  spare_.text += encoded;
  if (text_.tracked) {
    const ByteRange origin = AtEnd() ? ByteRange{} : text_.origins[position_];
    spare_.origins.insert(spare_.origins.end(), encoded.size(), origin);
  }
  for (position_ += NextChar(); change < 0; ++change) position_ += NextChar();
}

void TextRewriter::Keep(std::size_t bytes) {
  spare_.text.append(text_.text, position_, bytes);
  if (text_.tracked) {
    const auto from = text_.origins.begin() + static_cast<std::ptrdiff_t>(position_);
    spare_.origins.insert(spare_.origins.end(), from, from + static_cast<std::ptrdiff_t>(bytes));
  }
  position_ += bytes;
}

void TextRewriter::Insert(std::string_view added) {
  spare_.text += added;
  if (text_.tracked) {
    const ByteRange origin = position_ == 0 ? ByteRange{} : text_.origins[position_ - 1];
    spare_.origins.insert(spare_.origins.end(), added.size(), origin);
  }
}

void TextRewriter::InsertBeforeNext(std::string_view added) {
  spare_.text += added;
  if (text_.tracked) {
    const ByteRange origin = AtEnd() ? ByteRange{} : text_.origins[position_];
    spare_.origins.insert(spare_.origins.end(), added.size(), origin);
  }
}

void TextRewriter::Finish() {
  std::swap(text_.text, spare_.text);
  std::swap(text_.origins, spare_.origins);
}

}  // namespace embd
