#include <cmath>

#include "kernels/ref/ops.h"

namespace embd::ref {

void LayerNorm(ConstMatrixView in, const NormWeights& weights, MatrixView out, Lane::Range rows) {
  const auto cols = static_cast<double>(in.cols);
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    double mean = 0;
    for (std::int64_t col = 0; col < in.cols; ++col) mean += in.row(row)[col] / cols;
    double variance = 0;
    for (std::int64_t col = 0; col < in.cols; ++col) {
      variance += (in.row(row)[col] - mean) * (in.row(row)[col] - mean) / cols;
    }
    const double scale = 1 / std::sqrt(variance + weights.epsilon);
    for (std::int64_t col = 0; col < in.cols; ++col) {
      const double beta = weights.beta == nullptr ? 0 : weights.beta[col];
      out.row(row)[col] =
          static_cast<float>((in.row(row)[col] - mean) * scale * weights.gamma[col] + beta);
    }
  }
}

}  // namespace embd::ref
