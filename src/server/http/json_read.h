#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "api/embed.h"

namespace embd::http {

// A body that could not be read, as it is answered: text, not JSON.
struct Rejection {
  int status = 0;  // 400: not JSON, 422: not the right shape
  std::string text;
};

// More inputs than this are counted but not kept: no model takes as many in one request, and each
// costs more in memory than its two or three bytes in the body.
inline constexpr std::size_t kMostInputs = 4096;

struct EmbedBody {
  EmbedRequest request;
  std::size_t inputs = 0;  // also those beyond kMostInputs
};

// Reads the body of POST /embed with TEI's (serde's) rules: unknown members are ignored, known ones
// stand at most once, null is a value only where it means something, and what follows the document
// is not looked at.
std::variant<EmbedBody, Rejection> ReadEmbedRequest(std::string_view body);

}  // namespace embd::http
