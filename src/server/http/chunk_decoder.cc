#include "server/http/chunk_decoder.h"

#include <algorithm>

namespace embd::http {
namespace {

constexpr std::size_t kMaxDigits = 8;
constexpr std::size_t kMaxOverhead = 16384;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What may stand in extensions and trailers.
bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

}  // namespace

std::size_t ChunkDecoder::Next(std::string_view bytes, std::string_view& data) {
  data = {};
  if (state_ == State::kData) {
    data = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size())));
    size_ -= data.size();
    if (size_ == 0) state_ = State::kDataReturn;
    return data.size();
  }
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::kData && !done() && !bad()) {
    state_ = Step(bytes[used++]);
  }
  return used;
}

ChunkDecoder::State ChunkDecoder::SizeDigit(char c) {
  const int value = HexValue(c);
  if (value >= 0 && digits_ < kMaxDigits) {
    ++digits_;
    size_ = size_ * 16 + static_cast<unsigned>(value);
    return State::kSize;
  }
  if (digits_ == 0) return State::kBad;
  if (c == '\r') return State::kSizeNewline;
  return c == ';' || c == ' ' || c == '\t' ? State::kExtension : State::kBad;
}

ChunkDecoder::State ChunkDecoder::Step(char c) {
  switch (state_) {
    case State::kSize:
      return SizeDigit(c);
    case State::kExtension:
      if (c == '\r') return State::kSizeNewline;
      return IsText(c) && ++overhead_ <= kMaxOverhead ? State::kExtension : State::kBad;
    case State::kSizeNewline:
      digits_ = 0;
      if (c != '\n') return State::kBad;
      return size_ == 0 ? State::kTrailer : State::kData;
    case State::kDataReturn:
      return c == '\r' ? State::kDataNewline : State::kBad;
    case State::kDataNewline:
      return c == '\n' ? State::kSize : State::kBad;
    case State::kTrailer:
      if (c == '\r') return State::kTrailerNewline;
      ++line_length_;
      return IsText(c) && ++overhead_ <= kMaxOverhead ? State::kTrailer : State::kBad;
    case State::kTrailerNewline: {
      const bool empty = line_length_ == 0;
      line_length_ = 0;
      if (c != '\n') return State::kBad;
      return empty ? State::kDone : State::kTrailer;
    }
    case State::kData:
    case State::kDone:
    case State::kBad:
      break;
  }
  return State::kBad;
}

}  // namespace embd::http
