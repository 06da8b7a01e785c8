#include "server/http/routes.h"

#include "server/http/handlers/handlers.h"

namespace embd::http {

std::span<const Route> Routes() {
  static constexpr Route kRoutes[] = {
      {Method::kPost, "/embed", Access::kKey, kEmbed},
      {Method::kPost, "/embed_all", Access::kKey, kEmbedAll},
      {Method::kPost, "/embed_sparse", Access::kKey, kEmbedSparse},
      {Method::kPost, "/predict", Access::kKey, kPredict},
      {Method::kPost, "/rerank", Access::kKey, kRerank},
      {Method::kPost, "/v1/rerank", Access::kKey, kRerankV1},
      {Method::kPost, "/v2/rerank", Access::kKey, kRerankV2},
      {Method::kPost, "/similarity", Access::kKey, kSimilarity},
      {Method::kPost, "/tokenize", Access::kKey, kTokenize},
      {Method::kPost, "/decode", Access::kKey, kDecode},
      {Method::kPost, "/v1/embeddings", Access::kKey, kOpenAiEmbed},
      {Method::kPost, "/embeddings", Access::kKey, kOpenAiEmbed},
      {Method::kPost, "/api/embed", Access::kKey, kOllamaEmbed},
      {Method::kPost, "/", Access::kKey, kByModel},
      {Method::kPost, "/invocations", Access::kKey, kByModel},
      {Method::kPost, "/vertex", Access::kKey, kVertex},
      {Method::kPost, "/models/*/pipeline/feature-extraction", Access::kKey, kEmbed},
      {Method::kPost, "/pipeline/feature-extraction/*", Access::kKey, kEmbed},
      {Method::kGet, "/v1/models", Access::kKey, kModels},
      {Method::kGet, "/models", Access::kKey, kModels},
      {Method::kGet, "/info", Access::kKey, kInfo},
      {Method::kGet, "/health", Access::kOpen, kHealth},
      {Method::kGet, "/ping", Access::kOpen, kHealth},
      {Method::kGet, "/", Access::kOpen, kHealth},
      {Method::kGet, "/metrics", Access::kOpen, kMetrics},
      {Method::kGet, "/api-doc/openapi.json", Access::kOpen, kApiDocument},
      {Method::kGet, "/docs", Access::kOpen, kDocsRedirect},
      {Method::kGet, "/docs/", Access::kOpen, kDocs},
      {Method::kGet, "/docs/*", Access::kOpen, kDocsFile},
  };
  return kRoutes;
}

}  // namespace embd::http
