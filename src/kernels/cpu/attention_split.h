#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "kernels/lane.h"

namespace embd::cpu {

// Some queries of one head of one sequence.
struct AttentionShare {
  std::int64_t first_token = 0;
  std::int64_t tokens = 0;
  std::int64_t head = 0;
  std::int64_t query_begin = 0;
  std::int64_t query_end = 0;
};

// Calls `run` with this lane's part of the work. The unit is a block of queries of one head, which
// costs as much as its sequence has tokens; lanes get equal cost, and the consecutive blocks of a
// head that fall to one lane come as one call, so that its keys and values are packed once.
template <typename F>
void ForEachAttentionShare(std::span<const std::uint32_t> offsets, std::int64_t heads,
                           std::int64_t query_block, const Lane& lane, F run) {
  const auto blocks_of = [&](std::int64_t tokens) {
    return (tokens + query_block - 1) / query_block;
  };
  std::int64_t total = 0;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    const std::int64_t tokens = std::int64_t{offsets[i]} - offsets[i - 1];
    total += heads * blocks_of(tokens) * tokens;
  }
  // A block belongs to the lane in whose part of [0, total) its cost begins.
  const std::int64_t begin = total * lane.index / lane.count;
  const std::int64_t end = total * (lane.index + 1) / lane.count;
  std::int64_t cost = 0;
  for (std::size_t i = 1; i < offsets.size() && cost < end; ++i) {
    const std::int64_t tokens = std::int64_t{offsets[i]} - offsets[i - 1];
    if (tokens == 0) continue;
    const std::int64_t blocks = blocks_of(tokens);
    for (std::int64_t head = 0; head < heads; ++head, cost += blocks * tokens) {
      const auto blocks_before = [&](std::int64_t bound) {
        if (bound <= cost) return std::int64_t{0};
        return std::min(blocks, (bound - cost + tokens - 1) / tokens);
      };
      const std::int64_t first = blocks_before(begin);
      const std::int64_t last = blocks_before(end);
      if (first == last) continue;
      run(AttentionShare{.first_token = offsets[i - 1],
                         .tokens = tokens,
                         .head = head,
                         .query_begin = first * query_block,
                         .query_end = std::min(last * query_block, tokens)});
    }
  }
}

}  // namespace embd::cpu
