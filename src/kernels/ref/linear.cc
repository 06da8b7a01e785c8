#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/half.h"
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

namespace {

Int8Row Quantize(std::span<const float> row, float low, float span, float steps) {
  Int8Row result{.quantized = std::vector<std::int16_t>(row.size()), .low = low, .scale = 0};
  const bool finite = std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); });
  if (!finite || !std::isfinite(span)) result.scale = std::numeric_limits<float>::quiet_NaN();
  if (std::isnan(result.scale) || span < 0x1p-100F) return result;
  result.scale = span / steps;
  const float inverse = steps / span;
  for (std::size_t i = 0; i < row.size(); ++i) {
    result.quantized[i] = static_cast<std::int16_t>(std::nearbyint((row[i] - low) * inverse));
  }
  return result;
}

}  // namespace

Int8Row QuantizeWeights(std::span<const float> row) {
  float largest = 0;
  for (const float x : row) largest = std::max(largest, std::abs(x));
  return Quantize(row, 0, largest, 127);
}

Int8Row QuantizeActivations(std::span<const float> row) {
  const auto [low, high] = std::minmax_element(row.begin(), row.end());
  return Quantize(row, *low, *high - *low, 255);
}

RefWeight::RefWeight(std::span<const LinearWeight> stacked, WeightFormat format)
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
  for (float& value : weight_) {
    if (format == WeightFormat::kF16) value = FloatFromF16(F16FromFloat(value));
    if (format == WeightFormat::kBF16) value = FloatFromBF16(BF16FromFloat(value));
  }
  if (format != WeightFormat::kInt8) return;
  const auto in = static_cast<std::size_t>(in_features());
  for (std::size_t first = 0; first < weight_.size(); first += in) {
    int8_rows_.push_back(QuantizeWeights(std::span(weight_).subspan(first, in)));
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

namespace {

double Dot(std::span<const float> in, const RefWeight& weight, std::int64_t col) {
  double sum = 0;
  for (std::size_t k = 0; k < in.size(); ++k) {
    sum += static_cast<double>(in[k]) * weight.row(col)[k];
  }
  return sum;
}

double Int8Dot(const Int8Row& activations, const Int8Row& weights) {
  std::int64_t product = 0;
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < weights.quantized.size(); ++k) {
    product += std::int64_t{activations.quantized[k]} * weights.quantized[k];
    sum += weights.quantized[k];
  }
  return (static_cast<double>(product) * activations.scale +
          static_cast<double>(sum) * activations.low) *
         weights.scale;
}

}  // namespace

void Linear(ConstMatrixView in, const RefWeight& weight, const LinearOptions& options,
            MatrixView out, Lane::Range rows) {
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const std::span x(in.row(row), static_cast<std::size_t>(in.cols));
    const Int8Row quantized = weight.is_int8() ? QuantizeActivations(x) : Int8Row{};
    for (std::int64_t col = 0; col < weight.out_features(); ++col) {
      const auto product = [&](const RefWeight& of) {
        return of.bias(col) +
               (of.is_int8() ? Int8Dot(quantized, of.int8_row(col)) : Dot(x, of, col));
      };
      double result = Activate(options.activation, product(weight));
      if (options.gate != nullptr) result *= product(static_cast<const RefWeight&>(*options.gate));
      if (options.residual.data != nullptr) result += options.residual.row(row)[col];
      out.row(row)[col] = static_cast<float>(result);
    }
  }
}

}  // namespace embd::ref
