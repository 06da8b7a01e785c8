#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/options.h"
#include "model/model_task.h"

namespace embd {

// What GET /info tells, and the limits that requests are checked against. Fixed before the port
// opens.
struct ServerInfo {
  std::string model_id;
  std::optional<std::string> model_sha;  // the revision as given
  std::string model_dtype = "float32";
  std::string served_model_name;
  ModelTask task = ModelTask::kEmbedding;
  Pooling pooling = Pooling::kMean;  // of an embedding model
  // Of a classifier or reranker: the names of its labels by index, as the files spell them.
  std::vector<std::string> labels;
  bool default_similarity = false;  // an embedding model's default route compares sentences
  std::uint32_t max_concurrent_requests = 512;
  std::uint32_t max_input_length = 0;
  std::uint32_t max_batch_tokens = 16384;
  std::optional<std::uint32_t> max_batch_requests;
  std::uint32_t max_client_batch_size = 32;
  bool auto_truncate = true;
  std::uint32_t tokenization_workers = 1;
  std::int64_t started_at = 0;  // Unix time in seconds
  std::string version;
  std::optional<std::string> sha;
  std::optional<std::string> docker_label;
};

// What a model does with texts, each by itself.
enum class TextUse : std::uint8_t { kEmbed, kEmbedSparse, kPredict };

inline TextUse TextUseOf(const ServerInfo& info) {
  if (info.task != ModelTask::kEmbedding) return TextUse::kPredict;
  return info.pooling == Pooling::kSplade ? TextUse::kEmbedSparse : TextUse::kEmbed;
}

}  // namespace embd
