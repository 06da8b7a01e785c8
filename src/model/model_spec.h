#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "kernels/options.h"
#include "model/model_files.h"
#include "model/model_task.h"

namespace embd {

// What the operator said about the model; each overrides the model's own files.
struct ModelOverrides {
  std::optional<Pooling> pooling;
  std::string dense_path;
};

// What the model's files say, understood and checked, before any weight is read.
struct ModelSpec {
  ModelFiles files;
  JsonDocument config;     // config.json, from which the architecture takes its numbers
  std::string model_type;  // config.json's "model_type"
  std::vector<std::string> architectures;  // config.json's "architectures"
  ModelTask task = ModelTask::kEmbedding;
  Pooling pooling = Pooling::kMean;  // of an embedding model
  std::vector<std::string> labels;   // of a classifier or reranker, by index
  // Longest input in tokens that the files allow, special tokens included. May exceed the
  // architecture's positions: the caller takes the smaller.
  std::int64_t base_length = 0;
  // Position ids start here (padding id + 1 in the RoBERTa family).
  std::int64_t position_offset = 0;
  std::map<std::string, std::string, std::less<>> prompts;
  std::vector<std::string> warnings;  // for the start log
};

// Throws LoadError with path, expectation and finding for everything that is wrong, and for what is
// understood but not supported: unknown architectures, dense modules.
ModelSpec ReadModelSpec(const ModelFiles& files, const ModelOverrides& overrides);

}  // namespace embd
