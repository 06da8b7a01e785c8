#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "kernels/ref/ops.h"

namespace embd::ref {
namespace {

struct Head {
  const AttentionArgs& args;
  std::int64_t first_token;
  std::int64_t tokens;
  std::int64_t index;

  const float* Query(std::int64_t token) const { return Part(token, index); }
  const float* Key(std::int64_t token) const { return Part(token, args.heads + key_head()); }
  const float* Value(std::int64_t token) const {
    return Part(token, args.heads + args.keys() + key_head());
  }

  // What a query's score of a key is added; no value: the query does not see it.
  std::optional<double> Bias(std::int64_t query, std::int64_t key) const {
    const DistanceBias& bias = args.distance;
    const std::int64_t distance = key - query;
    if (std::abs(distance) > bias.window || (bias.causal && distance > 0)) return std::nullopt;
    double sum = 0;
    if (bias.slopes != nullptr)
      sum -= double{bias.slopes[index]} * static_cast<double>(std::abs(distance));
    if (bias.table.data != nullptr) {
      const std::int64_t reach = bias.table.cols / 2;
      sum += bias.table.row(index)[reach + std::clamp(distance, -reach, reach)];
    }
    return sum;
  }

 private:
  std::int64_t key_head() const { return index / (args.heads / args.keys()); }
  const float* Part(std::int64_t token, std::int64_t head) const {
    return args.qkv.row(first_token + token) + head * args.head_size;
  }
};

void AttendOneQuery(const Head& head, std::int64_t query, float* out, float* scores) {
  const int size = head.args.head_size;
  for (std::int64_t key = 0; key < head.tokens; ++key) {
    const std::optional<double> bias = head.Bias(query, key);
    if (!bias) {
      scores[key] = -std::numeric_limits<float>::infinity();
      continue;
    }
    double dot = 0;
    for (int d = 0; d < size; ++d) {
      dot += static_cast<double>(head.Query(query)[d]) * head.Key(key)[d];
    }
    scores[key] = static_cast<float>(dot * head.args.scale + *bias);
  }
  const double largest = *std::max_element(scores, scores + head.tokens);
  double sum = 0;
  for (std::int64_t key = 0; key < head.tokens; ++key) sum += std::exp(scores[key] - largest);
  // A weight takes an exponential, so some values share it.
  constexpr int kShare = 64;
  for (int begin = 0; begin < size; begin += kShare) {
    const int count = std::min(kShare, size - begin);
    std::array<double, kShare> mixed = {};
    for (std::int64_t key = 0; key < head.tokens; ++key) {
      const double weight = std::exp(scores[key] - largest) / sum;
      if (weight == 0) continue;
      const float* const value = head.Value(key) + begin;
      for (int d = 0; d < count; ++d) mixed[d] += weight * value[d];
    }
    for (int d = 0; d < count; ++d) out[begin + d] = static_cast<float>(mixed[d]);
  }
}

}  // namespace

void Attention(const AttentionArgs& args, MatrixView out, Lane::Range sequence_heads,
               float* scores) {
  for (std::int64_t item = sequence_heads.begin; item < sequence_heads.end; ++item) {
    const std::int64_t sequence = item / args.heads;
    const std::int64_t begin = args.offsets[sequence];
    const Head head{.args = args,
                    .first_token = begin,
                    .tokens = args.offsets[sequence + 1] - begin,
                    .index = item % args.heads};
    for (std::int64_t query = 0; query < head.tokens; ++query) {
      AttendOneQuery(head, query, out.row(begin + query) + head.index * args.head_size, scores);
    }
  }
}

}  // namespace embd::ref
