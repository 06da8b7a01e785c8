#pragma once

#include <vector>

#include "kernels/backend.h"

namespace embd::ref {

// Weights as plain floats, row after row.
class RefWeight : public PreparedWeight {
 public:
  explicit RefWeight(std::span<const LinearWeight> stacked);

  const float* row(std::int64_t out) const { return weight_.data() + out * in_features(); }
  float bias(std::int64_t out) const { return bias_[static_cast<std::size_t>(out)]; }

 private:
  std::vector<float> weight_;  // [out, in]
  std::vector<float> bias_;    // [out]
};

double Activate(Activation activation, double x);

// The operations of Backend for this lane's share of rows (or of sequences and heads), without the
// closing Sync.
void Embed(const EmbedArgs& args, MatrixView out, Lane::Range rows);
void Linear(ConstMatrixView in, const RefWeight& weight, const LinearOptions& options,
            MatrixView out, Lane::Range rows);
// `scores`: room for as many floats as the longest sequence has tokens.
void Attention(const AttentionArgs& args, MatrixView out, Lane::Range sequence_heads,
               float* scores);
void LayerNorm(ConstMatrixView in, const NormWeights& weights, MatrixView out, Lane::Range rows);
void Pool(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, Pooling pooling,
          MatrixView out, Lane::Range sequences);

}  // namespace embd::ref
