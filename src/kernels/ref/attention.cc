#include <algorithm>
#include <cmath>

#include "kernels/ref/ops.h"

namespace embd::ref {
namespace {

struct Head {
  const AttentionArgs& args;
  std::int64_t first_token;
  std::int64_t tokens;
  std::int64_t column;  // of this head in `out`, and in each third of qkv

  const float* Query(std::int64_t token) const { return Third(0, token); }
  const float* Key(std::int64_t token) const { return Third(1, token); }
  const float* Value(std::int64_t token) const { return Third(2, token); }

  const float* Third(int which, std::int64_t token) const {
    const std::int64_t hidden = std::int64_t{args.heads} * args.head_size;
    return args.qkv.row(first_token + token) + which * hidden + column;
  }
};

void AttendOneQuery(const Head& head, std::int64_t query, float* out, float* scores) {
  const int size = head.args.head_size;
  for (std::int64_t key = 0; key < head.tokens; ++key) {
    double dot = 0;
    for (int d = 0; d < size; ++d) {
      dot += static_cast<double>(head.Query(query)[d]) * head.Key(key)[d];
    }
    scores[key] = static_cast<float>(dot * head.args.scale);
  }
  const double largest = *std::max_element(scores, scores + head.tokens);
  double sum = 0;
  for (std::int64_t key = 0; key < head.tokens; ++key) sum += std::exp(scores[key] - largest);
  for (int d = 0; d < size; ++d) {
    double mixed = 0;
    for (std::int64_t key = 0; key < head.tokens; ++key) {
      mixed += std::exp(scores[key] - largest) / sum * head.Value(key)[d];
    }
    out[d] = static_cast<float>(mixed);
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
                    .column = item % args.heads * args.head_size};
    for (std::int64_t query = 0; query < head.tokens; ++query) {
      AttendOneQuery(head, query, out.row(begin + query) + head.column, scores);
    }
  }
}

}  // namespace embd::ref
