#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace embd::http {

// A whole request as handlers see it: no sockets, no Boost.
struct Request {
  std::string method;        // as sent, "GET"
  std::string path;          // without the query string
  std::string content_type;  // empty when absent
  std::string authorization;
  std::string body;
};

struct Response {
  int status = 200;
  std::string_view content_type;  // a constant; empty: no body and no content-type header
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // lower-case names
};

}  // namespace embd::http
