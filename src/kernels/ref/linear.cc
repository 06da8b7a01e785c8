#include <cmath>
#include <numbers>

#include "kernels/ref/ops.h"
#include "tensor/convert.h"

namespace embd::ref {
namespace {

std::int64_t OutFeatures(std::span<const LinearWeight> stacked) {
  std::int64_t out = 0;
  for (const LinearWeight& part : stacked) out += part.weight.shape[0];
  return out;
}

}  // namespace

RefWeight::RefWeight(std::span<const LinearWeight> stacked)
    : PreparedWeight(OutFeatures(stacked), stacked.front().weight.shape[1]),
      weight_(static_cast<std::size_t>(out_features() * in_features())),
      bias_(static_cast<std::size_t>(out_features())) {
  float* weight = weight_.data();
  float* bias = bias_.data();
  for (const LinearWeight& part : stacked) {
    const std::int64_t out = part.weight.shape[0];
    const std::int64_t elements = out * in_features();
    ConvertToFloat(part.weight.data, part.weight.dtype, static_cast<std::size_t>(elements), weight);
    if (part.bias.data != nullptr) {
      ConvertToFloat(part.bias.data, part.bias.dtype, static_cast<std::size_t>(out), bias);
    }
    weight += elements;
    bias += out;
  }
}

double Activate(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return x / 2 * std::erfc(-x / std::numbers::sqrt2);
    case Activation::kGeluTanh: {
      const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      return x / 2 * (1 + std::tanh(inner));
    }
    case Activation::kRelu:
      return x > 0 ? x : 0;
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return x;
}

void Linear(ConstMatrixView in, const RefWeight& weight, const LinearOptions& options,
            MatrixView out, Lane::Range rows) {
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    for (std::int64_t col = 0; col < weight.out_features(); ++col) {
      double sum = weight.bias(col);
      for (std::int64_t k = 0; k < weight.in_features(); ++k) {
        sum += static_cast<double>(in.row(row)[k]) * weight.row(col)[k];
      }
      double result = Activate(options.activation, sum);
      if (options.residual.data != nullptr) result += options.residual.row(row)[col];
      out.row(row)[col] = static_cast<float>(result);
    }
  }
}

}  // namespace embd::ref
