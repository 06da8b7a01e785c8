#include "server/http/routes.h"

#include "server/http/handlers/handlers.h"

namespace embd::http {

std::span<const Route> Routes() {
  static constexpr Route kRoutes[] = {
      {Method::kPost, "/embed", Access::kKey, HandleEmbed},
      {Method::kPost, "/", Access::kKey, HandleEmbed},
      {Method::kPost, "/invocations", Access::kKey, HandleEmbed},
      {Method::kPost, "/models/*/pipeline/feature-extraction", Access::kKey, HandleEmbed},
      {Method::kPost, "/pipeline/feature-extraction/*", Access::kKey, HandleEmbed},
      {Method::kPost, "/v1/embeddings", Access::kKey, HandleOpenAiEmbed},
      {Method::kPost, "/embeddings", Access::kKey, HandleOpenAiEmbed},
      {Method::kPost, "/similarity", Access::kKey, HandleSimilarity},
      {Method::kGet, "/v1/models", Access::kKey, HandleModels},
      {Method::kGet, "/info", Access::kKey, HandleInfo},
      {Method::kGet, "/health", Access::kOpen, HandleHealth},
      {Method::kGet, "/ping", Access::kOpen, HandleHealth},
      {Method::kGet, "/", Access::kOpen, HandleHealth},
      {Method::kGet, "/metrics", Access::kOpen, HandleMetrics},
  };
  return kRoutes;
}

}  // namespace embd::http
