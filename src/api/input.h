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

// A request may come with more inputs than a protocol keeps, since it is going to be refused for
// their number; then its `inputs_beyond` says how many more. There may only be any when those that
// were kept are at least as many as one request may have.

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
