#include "server/http/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

namespace embd::http {
namespace {

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Entity";
    case 424:
      return "Failed Dependency";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace

// Made once a second in each thread.
std::string_view HttpDate() {
  thread_local std::time_t made_at = -1;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
    made_at = now;
  }
  return text;
}

std::string WriteHead(const Response& response, const ResponseFraming& framing) {
  constexpr std::size_t kUsualLength = 640;
  std::string out;
  out.reserve(kUsualLength);
  fmt::format_to(std::back_inserter(out), "HTTP/1.{} {} {}\r\n", framing.http11 ? 1 : 0,
                 response.status, Reason(response.status));
  if (!response.content_type.empty()) AppendField(out, "content-type", response.content_type);
  for (const auto& [name, value] : response.headers) AppendField(out, name, value);
  // Without a body by its nature; its length would be that of the body that is not sent.
  if (response.status != 304) {
    AppendField(out, "content-length", fmt::format_int(response.body.size()).c_str());
  }
  if (!framing.keep_alive) {
    AppendField(out, "connection", "close");
  } else if (!framing.http11) {
    AppendField(out, "connection", "keep-alive");
  }
  AppendField(out, "date", HttpDate());
  out += "\r\n";
  return out;
}

}  // namespace embd::http
