#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/input.h"

namespace embd {

// Scores of every label, for texts or pairs.
struct PredictRequest {
  std::vector<Input> inputs;  // no token ids
  std::size_t inputs_beyond = 0;
  bool is_batch = false;
  std::optional<bool> truncate;  // nothing: the server's default
  TruncationSide truncation_side = TruncationSide::kRight;
  bool raw_scores = false;  // else their softmax, or the sigmoid of a single one
};

struct Prediction {
  std::uint32_t label = 0;  // its index in ServerInfo::labels
  float score = 0;
};

struct PredictResponse {
  // [inputs, labels]; of each input by falling score, among equal ones by falling label.
  std::vector<Prediction> predictions;
  std::size_t labels = 0;
  ComputeInfo compute;
};

// How well each text answers the query.
struct RerankRequest {
  std::string query;
  std::vector<std::string> texts;
  std::size_t inputs_beyond = 0;
  std::optional<bool> truncate;
  TruncationSide truncation_side = TruncationSide::kRight;
  bool raw_scores = false;  // else their sigmoid
};

struct Rank {
  std::uint32_t index = 0;  // of the text in the request
  float score = 0;
};

struct RerankResponse {
  std::vector<Rank> ranks;  // by falling score, among equal ones by falling index
  ComputeInfo compute;
};

}  // namespace embd
