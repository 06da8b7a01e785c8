#include <cmath>

#include "kernels/ref/ops.h"

namespace embd::ref {
namespace {

void NormPiece(const float* in, std::int64_t count, const NormWeights& weights,
               const float* residual, float* out) {
  const auto size = static_cast<double>(count);
  double mean = 0;
  if (weights.kind == NormKind::kLayer) {
    for (std::int64_t i = 0; i < count; ++i) mean += in[i] / size;
  }
  double square = 0;
  for (std::int64_t i = 0; i < count; ++i) square += (in[i] - mean) * (in[i] - mean) / size;
  const double scale = 1 / std::sqrt(square + weights.epsilon);
  for (std::int64_t i = 0; i < count; ++i) {
    double result = (in[i] - mean) * scale * weights.gamma[i];
    if (weights.beta != nullptr) result += weights.beta[i];
    if (residual != nullptr) result += residual[i];
    out[i] = static_cast<float>(result);
  }
}

}  // namespace

void Norm(ConstMatrixView in, const NormWeights& weights, const NormOptions& options,
          MatrixView out, Lane::Range rows) {
  const std::int64_t count = in.cols / options.pieces;
  const ConstMatrixView& residual = options.residual;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    for (std::int64_t first = 0; first < in.cols; first += count) {
      NormPiece(in.row(row) + first, count, weights,
                residual.data == nullptr ? nullptr : residual.row(row) + first,
                out.row(row) + first);
    }
  }
}

}  // namespace embd::ref
