#pragma once

#include <string>

#include "server/http/message.h"

namespace embd::http {

struct ResponseFraming {
  bool http11 = true;
  bool keep_alive = true;
};

// The status line and headers of an answer, the empty line included.
std::string WriteHead(const Response& response, const ResponseFraming& framing);

}  // namespace embd::http
