#pragma once

#include <string>
#include <string_view>

#include "server/http/message.h"

namespace embd::http {

struct ResponseFraming {
  bool http11 = true;
  bool keep_alive = true;
};

// Now, as "Sun, 06 Nov 1994 08:49:37 GMT"; valid on this thread until the next call.
std::string_view HttpDate();

// The status line and headers of an answer, the empty line included.
std::string WriteHead(const Response& response, const ResponseFraming& framing);

}  // namespace embd::http
