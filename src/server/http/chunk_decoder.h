#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace embd::http {

// Takes a chunked body apart, in pieces of any size. Strict: lines end in CRLF, sizes are plain
// hexadecimal; extensions and trailers are passed over, up to a limit.
class ChunkDecoder {
 public:
  // Looks at the beginning of `bytes`, which must not be empty. `data` becomes the part of it that
  // belongs to the body (maybe none). Returns how many bytes are dealt with, `data` included; at
  // least one unless done() or bad().
  std::size_t Next(std::string_view bytes, std::string_view& data);

  bool done() const { return state_ == State::kDone; }
  bool bad() const { return state_ == State::kBad; }

 private:
  enum class State : std::uint8_t {
    kSize,
    kExtension,
    kSizeNewline,
    kData,
    kDataReturn,
    kDataNewline,
    kTrailer,
    kTrailerNewline,
    kDone,
    kBad
  };
  State Step(char c);
  State SizeDigit(char c);

  State state_ = State::kSize;
  std::uint64_t size_ = 0;       // of the chunk; then of what is missing of it
  std::size_t digits_ = 0;       // of the size
  std::size_t overhead_ = 0;     // bytes of extensions and trailers
  std::size_t line_length_ = 0;  // of the trailer line
};

}  // namespace embd::http
