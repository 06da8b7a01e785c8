#pragma once

#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

#include "api/embed.h"
#include "server/http/body_reader.h"

namespace embd::http {

// More inputs than this are counted but not kept: no model takes as many in one request, and each
// costs more in memory than its two or three bytes in the body.
inline constexpr std::size_t kMostInputs = 4096;

// The inputs of a request in any of their shapes.
struct InputList {
  std::vector<Input> inputs;
  std::size_t count = 0;  // also those beyond kMostInputs
  bool is_batch = false;
};

// A text, a list of token ids (an empty list is one), or a list of these. False: refused.
bool ReadInputs(BodyReader& reader, InputList& out);

// A list of texts. False: refused.
bool ReadTexts(BodyReader& reader, InputList& out);

struct EmbedBody {
  EmbedRequest request;
  std::size_t inputs = 0;  // also those beyond kMostInputs
};

// The body of POST /embed.
std::variant<EmbedBody, Rejection> ReadEmbedRequest(std::string_view body);

}  // namespace embd::http
