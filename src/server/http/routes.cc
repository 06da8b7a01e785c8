#include "server/http/routes.h"

#include "server/http/handlers/handlers.h"

namespace embd::http {

std::span<const Route> Routes() {
  static constexpr Route kRoutes[] = {
      {Method::kPost, "/embed", Access::kKey, HandleEmbed},
      {Method::kPost, "/", Access::kKey, HandleEmbed},
      {Method::kGet, "/info", Access::kKey, HandleInfo},
      {Method::kGet, "/health", Access::kOpen, HandleHealth},
      {Method::kGet, "/ping", Access::kOpen, HandleHealth},
      {Method::kGet, "/", Access::kOpen, HandleHealth},
      {Method::kGet, "/metrics", Access::kOpen, HandleMetrics},
  };
  return kRoutes;
}

}  // namespace embd::http
