#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/backend.h"

namespace embd::ref {

// Integers for a row of floats x: x is about low + quantized * scale.
struct Int8Row {
  std::vector<std::int16_t> quantized;
  float low = 0;
  float scale = 0;
};

// The rules that every backend follows to the bit: weights in [-127, 127] with low 0, activations
// in [0, 255]. What is not finite, or has no finite distance, has the scale NaN.
Int8Row QuantizeWeights(std::span<const float> row);
Int8Row QuantizeActivations(std::span<const float> row);

// Weights as plain floats, row after row, rounded to `format`; of integers also themselves.
class RefWeight : public PreparedWeight {
 public:
  RefWeight(std::span<const LinearWeight> stacked, WeightFormat format);

  bool is_int8() const { return !int8_rows_.empty(); }
  const float* row(std::int64_t out) const { return weight_.data() + out * in_features(); }
  const Int8Row& int8_row(std::int64_t out) const {
    return int8_rows_[static_cast<std::size_t>(out)];
  }
  float bias(std::int64_t out) const { return bias_[static_cast<std::size_t>(out)]; }

 private:
  std::vector<float> weight_;       // [out, in], unless integers
  std::vector<Int8Row> int8_rows_;  // [out]
  std::vector<float> bias_;         // [out]
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
void Rotate(const RotaryArgs& args, MatrixView x, Lane::Range rows);
void Norm(ConstMatrixView in, const NormWeights& weights, const NormOptions& options,
          MatrixView out, Lane::Range rows);
void Pool(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, Pooling pooling,
          MatrixView out, Lane::Range sequences);

}  // namespace embd::ref
