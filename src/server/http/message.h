#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/embed.h"

namespace embd::http {

// A whole request as handlers see it: no sockets, no Boost. Header values are empty when absent.
struct Request {
  std::string method;  // as sent, "GET"
  std::string path;    // without scheme, authority and query string
  std::string content_type;
  std::string authorization;
  std::string origin;
  std::string if_none_match;
  std::string request_id;  // the client's x-request-id if it can be used, else a new one
  std::string body;
};

// What the access log tells of an answer.
struct AccessRecord {
  std::string error;  // the message; empty: success
  std::chrono::nanoseconds total{};
  ComputeInfo compute;         // of a success
  std::string_view span = {};  // a constant: what was asked for
};

struct Response {
  int status = 200;
  std::string_view content_type;  // a constant; empty: no content-type header
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // constant, lower-case names
  std::optional<AccessRecord> record;                             // nothing: not logged
};

}  // namespace embd::http
