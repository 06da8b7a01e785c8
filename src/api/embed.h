#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tokenizer/encoding.h"

namespace embd {

// One input: a text, or token ids (which are decoded and tokenized again, as TEI does).
using Input = std::variant<std::string, std::vector<std::uint32_t>>;

struct EmbedRequest {
  std::vector<Input> inputs;
  bool is_batch = false;         // given as a list: counted as a batch in metrics
  std::optional<bool> truncate;  // nothing: the server's default
  TruncationSide truncation_side = TruncationSide::kRight;
  std::optional<std::string> prompt_name;
  bool normalize = true;
  std::optional<std::uint32_t> dimensions;
};

// What one request cost, for the x-* headers and the metrics. Times of a batch are the mean over
// its inputs.
struct ComputeInfo {
  std::uint64_t characters = 0;  // Unicode scalar values of the inputs, before truncation
  std::uint64_t tokens = 0;      // run through the model
  std::chrono::nanoseconds tokenization{};
  std::chrono::nanoseconds queue{};
  std::chrono::nanoseconds inference{};
};

struct EmbedResponse {
  std::vector<float> values;  // [inputs, dimensions]
  std::int64_t dimensions = 0;
  ComputeInfo compute;
};

}  // namespace embd
