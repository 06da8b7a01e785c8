#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/http/message.h"

namespace embd::http {

// Limits of request lines and headers together, and of the number of headers.
inline constexpr std::size_t kMaxHeadBytes = std::size_t{128} << 10U;
inline constexpr std::size_t kMaxHeaders = 100;

// The first part of a request, and how its body comes.
struct RequestHead {
  Request request;  // without the body
  bool http11 = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;

  bool has_body() const { return chunked || content_length > 0; }
};

// Finds the end of a head in bytes that come in pieces, and refuses line ends and folded lines that
// another HTTP implementation might understand differently.
class HeadScanner {
 public:
  enum class Status : std::uint8_t { kIncomplete, kComplete, kBad, kTooLarge };

  // `bytes`: everything so far, from the first byte of the request. Looks only at what is new.
  Status Scan(std::string_view bytes);
  // Length of a complete head, the empty line included.
  std::size_t length() const { return at_; }

 private:
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
};

// The path of a request's target: of "/a?b", "http://host/a?b" or "*".
std::string_view PathOf(std::string_view target);

// Reads a complete head (no empty lines before it). Returns 0, or the status that refuses it: 400,
// or 431 when there are too many headers.
int ParseHead(std::string_view bytes, RequestHead& head);

}  // namespace embd::http
