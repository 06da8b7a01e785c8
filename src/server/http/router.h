#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/http/message.h"
#include "server/http/routes.h"

namespace embd::http {

struct RouterOptions {
  std::optional<std::string> api_key;  // nothing: everyone may
  // Origins that browsers may call from; empty, or "*" among them: any.
  std::vector<std::string> cors_allow_origin;
};

// Decides what happens with a request before its body is read. Immutable, any thread.
class Router {
 public:
  // The routes must outlive the router.
  Router(std::span<const Route> routes, RouterOptions options);

  // Either a route to go to or the answer that comes instead.
  struct Decision {
    const Route* route = nullptr;
    std::optional<Response> answer;
  };
  Decision Decide(const Request& head) const;

  // The headers that every answer carries, so that browsers hand it to their pages.
  void AddCors(const Request& head, Response& response) const;

 private:
  bool Authorized(const Request& head) const;
  Decision Refuse(const Request& head) const;

  std::span<const Route> routes_;
  RouterOptions options_;
  bool any_origin_;
};

// Whether a body of this type is read as JSON.
bool IsJsonType(std::string_view content_type);

}  // namespace embd::http
