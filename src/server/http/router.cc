#include "server/http/router.h"

#include <algorithm>

#include "server/http/replies.h"

namespace embd::http {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

bool Serves(const Route& route, std::string_view method) {
  if (route.method == Method::kPost) return method == "POST";
  return method == "GET" || method == "HEAD";
}

// Takes as long for every guess of the right length.
bool EqualSecret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

bool Matches(std::string_view pattern, std::string_view path) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == path;
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return path.size() > head.size() + tail.size() && path.substr(0, head.size()) == head &&
         path.substr(path.size() - tail.size()) == tail;
}

// "GET,HEAD,POST", as far as `path` has them.
std::string AllowedMethods(std::span<const Route> routes, std::string_view path) {
  bool get = false;
  bool post = false;
  for (const Route& route : routes) {
    if (Matches(route.path, path)) (route.method == Method::kGet ? get : post) = true;
  }
  std::string allowed = get ? "GET,HEAD" : "";
  if (post) allowed += get ? ",POST" : "POST";
  return allowed;
}

}  // namespace

bool IsJsonType(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  constexpr std::string_view kApplication = "application/";
  if (!EqualIgnoringCase(type.substr(0, kApplication.size()), kApplication)) return false;
  type.remove_prefix(kApplication.size());
  constexpr std::string_view kSuffix = "+json";
  if (EqualIgnoringCase(type, "json")) return true;
  return type.size() > kSuffix.size() &&
         EqualIgnoringCase(type.substr(type.size() - kSuffix.size()), kSuffix);
}

Router::Router(std::span<const Route> routes, RouterOptions options)
    : routes_(routes),
      options_(std::move(options)),
      any_origin_(options_.cors_allow_origin.empty() ||
                  std::count(options_.cors_allow_origin.begin(), options_.cors_allow_origin.end(),
                             "*") > 0) {}

bool Router::Authorized(const Request& head) const {
  if (!options_.api_key) return true;
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = head.authorization;
  return given.substr(0, kScheme.size()) == kScheme &&
         EqualSecret(given.substr(kScheme.size()), *options_.api_key);
}

Router::Decision Router::Decide(const Request& head) const {
  if (head.method == "OPTIONS") return Refuse(head);
  for (const Route& route : routes_) {
    if (!Matches(route.path, head.path) || !Serves(route, head.method)) continue;
    if (route.access == Access::kKey && !Authorized(head)) {
      return {.route = nullptr, .answer = EmptyReply(401)};
    }
    if (route.method == Method::kPost && !IsJsonType(head.content_type)) {
      return {.route = nullptr,
              .answer = TextReply(415, "Expected request with `Content-Type: application/json`")};
    }
    return {.route = &route, .answer = std::nullopt};
  }
  return Refuse(head);
}

// No route for this method and path: a question for the methods, a wrong method or a wrong path.
Router::Decision Router::Refuse(const Request& head) const {
  std::string allowed = AllowedMethods(routes_, head.path);
  if (head.method == "OPTIONS") {
    Response response = EmptyReply(200);
    response.headers = {{"access-control-allow-methods", "GET,POST"},
                        {"access-control-allow-headers", "content-type"}};
    if (!allowed.empty()) response.headers.emplace_back("allow", std::move(allowed));
    return {.route = nullptr, .answer = std::move(response)};
  }
  if (allowed.empty()) return {.route = nullptr, .answer = EmptyReply(404)};
  const bool open = std::any_of(routes_.begin(), routes_.end(), [&](const Route& route) {
    return Matches(route.path, head.path) && route.access == Access::kOpen;
  });
  Response response = EmptyReply(open || Authorized(head) ? 405 : 401);
  response.headers.emplace_back("allow", std::move(allowed));
  return {.route = nullptr, .answer = std::move(response)};
}

void Router::AddCors(const Request& head, Response& response) const {
  response.headers.emplace_back(
      "vary", "origin, access-control-request-method, access-control-request-headers");
  constexpr std::string_view kAllowOrigin = "access-control-allow-origin";
  if (any_origin_) {
    response.headers.emplace_back(kAllowOrigin, "*");
    return;
  }
  const auto& listed = options_.cors_allow_origin;
  if (std::find(listed.begin(), listed.end(), head.origin) != listed.end()) {
    response.headers.emplace_back(kAllowOrigin, head.origin);
  }
}

}  // namespace embd::http
