#include <cmath>
#include <limits>

#include "kernels/ref/ops.h"

namespace embd::ref {

void Pool(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, Pooling pooling,
          MatrixView out, Lane::Range sequences) {
  for (std::int64_t sequence = sequences.begin; sequence < sequences.end; ++sequence) {
    const std::int64_t begin = offsets[sequence];
    const std::int64_t end = offsets[sequence + 1];
    for (std::int64_t col = 0; col < hidden.cols; ++col) {
      double value = 0;
      switch (pooling) {
        case Pooling::kCls:
          value = hidden.row(begin)[col];
          break;
        case Pooling::kLastToken:
          value = hidden.row(end - 1)[col];
          break;
        case Pooling::kMean:
          for (std::int64_t token = begin; token < end; ++token) value += hidden.row(token)[col];
          value /= static_cast<double>(end - begin);
          break;
        case Pooling::kSplade:
          for (std::int64_t token = begin; token < end; ++token) {
            const double logit = hidden.row(token)[col];
            if (!std::isfinite(logit)) value = std::numeric_limits<double>::quiet_NaN();
            if (logit > 0 && std::log1p(logit) > value) value = std::log1p(logit);
          }
          break;
      }
      out.row(sequence)[col] = static_cast<float>(value);
    }
  }
}

}  // namespace embd::ref
