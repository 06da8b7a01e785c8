#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tokenizer/encoding.h"

namespace embd {

// Two texts that the model sees together.
struct TextPair {
  std::string first;
  std::string second;

  bool empty() const { return first.empty() && second.empty(); }
  bool operator==(const TextPair&) const = default;
};

// One input: a text, token ids (which are decoded and tokenized again, as TEI does), or a pair.
using Input = std::variant<std::string, std::vector<std::uint32_t>, TextPair>;

// What one request cost, for the x-* headers and the metrics. Times of a batch are the mean over
// its inputs.
struct ComputeInfo {
  std::uint64_t characters = 0;  // Unicode scalar values of the inputs, before truncation
  std::uint64_t tokens = 0;      // run through the model
  std::chrono::nanoseconds tokenization{};
  std::chrono::nanoseconds queue{};
  std::chrono::nanoseconds inference{};
};

}  // namespace embd
