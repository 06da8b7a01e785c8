#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/input.h"

namespace embd {

// Dense vectors, one an input.
struct EmbedRequest {
  std::vector<Input> inputs;
  std::size_t inputs_beyond = 0;
  bool is_batch = false;         // given as a list: counted as a batch in metrics
  std::optional<bool> truncate;  // nothing: the server's default
  TruncationSide truncation_side = TruncationSide::kRight;
  std::optional<std::string> prompt_name;
  bool normalize = true;
  std::optional<std::uint32_t> dimensions;
  // Cut each input to so many tokens, special ones included, whatever `truncate` says. At least 1;
  // more than the longest input is refused. The special tokens always stay.
  std::optional<std::uint32_t> max_tokens;
};

struct EmbedResponse {
  std::vector<float> values;  // [inputs, dimensions]
  std::int64_t dimensions = 0;
  ComputeInfo compute;
};

// The last hidden states of every token, or the sparse vector, of each input.
struct EmbedTokensRequest {
  std::vector<Input> inputs;
  std::size_t inputs_beyond = 0;
  bool is_batch = false;
  std::optional<bool> truncate;
  TruncationSide truncation_side = TruncationSide::kRight;
  std::optional<std::string> prompt_name;
};
using EmbedSparseRequest = EmbedTokensRequest;

struct EmbedTokensResponse {
  std::vector<float> values;      // [all tokens, dimensions], input after input
  std::vector<std::size_t> ends;  // an input: the row after its last token
  std::int64_t dimensions = 0;
  ComputeInfo compute;
};

struct SparseValue {
  std::uint32_t index = 0;  // of the vocabulary
  float value = 0;          // never 0
};

struct EmbedSparseResponse {
  std::vector<SparseValue> values;  // ascending by index within an input
  std::vector<std::size_t> ends;    // an input: the position after its last value
  ComputeInfo compute;
};

}  // namespace embd
