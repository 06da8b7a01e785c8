#include "model/weight_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/half.h"
#include "model/parallel.h"
#include "tensor/convert.h"

namespace embd {
namespace {

// Layers of models that quantise well are estimated at 0.01 to 0.03; at 0.07 one layer alone takes
// 0.0025 from the cosine.
constexpr double kMostLoss = 0.07;
// How many deviations the largest of some hundred values is away.
constexpr float kTail = 3.5F;
// The mean square of a value rounded to the nearest whole number.
constexpr double kRounding = 1.0 / 12;
constexpr float kSteps = 127.0F;
constexpr float kInputSteps = 255.0F;

WeightFormat StoredFormat(const LinearSpec& linear, const WeightMap& weights) {
  const DType first = weights.Get(linear.parts.front() + ".weight").dtype;
  for (const std::string& part : linear.parts) {
    if (weights.Get(part + ".weight").dtype != first) return WeightFormat::kF32;
  }
  if (first == DType::kF16) return WeightFormat::kF16;
  return first == DType::kBF16 ? WeightFormat::kBF16 : WeightFormat::kF32;
}

std::vector<float> Floats(const TensorView& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
  ConvertToFloat(tensor.data, tensor.dtype, values.size(), values.data());
  return values;
}

// Whether no value of a table [rows, cols] of 32-bit floats becomes infinite as a 16-bit one. By
// pieces of rows, on all cores.
bool FitsF16(const TensorView& table) {
  constexpr std::int64_t kPiece = std::int64_t{1} << 20;  // elements
  const std::int64_t elements = table.shape.elements();
  const auto fits = [&](std::size_t piece) {
    const std::int64_t first = static_cast<std::int64_t>(piece) * kPiece;
    const std::int64_t end = std::min(first + kPiece, elements);
    std::uint32_t largest = 0;  // magnitude, as bits: in the order of the values
    for (std::int64_t i = first; i < end; ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, table.data + i * std::int64_t{sizeof(bits)}, sizeof(bits));
      bits &= 0x7fffffffU;
      // What is no number already stays so.
      largest = std::max(largest, bits >= 0x7f800000U ? 0 : bits);
    }
    return F16FromFloat(std::bit_cast<float>(largest)) < 0x7c00U;
  };
  const auto pieces = static_cast<std::size_t>((elements + kPiece - 1) / kPiece);
  const std::vector<char> all = ParallelMap(pieces, [&](std::size_t i) -> char { return fits(i); });
  return std::find(all.begin(), all.end(), 0) == all.end();
}

// What is known of a layer's inputs: their mean squares, and how far they lie apart in a row.
struct Inputs {
  std::vector<float> energy;  // [in]
  float span = 2 * kTail;
};

Inputs InputsOf(const LinearSpec& linear, const WeightMap& weights) {
  Inputs inputs{.energy = std::vector<float>(static_cast<std::size_t>(linear.in), 1.0F)};
  if (linear.input_norm.empty()) return inputs;
  const std::vector<float> gamma = Floats(weights.Get(linear.input_norm + ".weight"));
  const std::vector<float> beta = Floats(weights.Get(linear.input_norm + ".bias"));
  float low = 0;
  float high = 0;
  for (std::size_t k = 0; k < gamma.size(); ++k) {
    inputs.energy[k] = gamma[k] * gamma[k] + beta[k] * beta[k];
    low = std::min(low, beta[k] - kTail * std::abs(gamma[k]));
    high = std::max(high, beta[k] + kTail * std::abs(gamma[k]));
  }
  inputs.span = high - low;
  return inputs;
}

// Of one row of weights.
struct RowSums {
  float largest = 0;
  float square = 0;  // sum of squares
  float signal = 0;  // sum of squares times the inputs' mean squares
};

// Several sums side by side, since one alone waits for each addition.
RowSums SumRow(const float* row, const std::vector<float>& energy) {
  constexpr std::size_t kSums = 8;
  std::array<RowSums, kSums> sums;
  const std::size_t whole = energy.size() / kSums * kSums;
  const auto add = [&](RowSums& sum, std::size_t k) {
    const float square = row[k] * row[k];
    sum.largest = std::max(sum.largest, std::abs(row[k]));
    sum.square += square;
    sum.signal += square * energy[k];
  };
  for (std::size_t k = 0; k < whole; k += kSums) {
    for (std::size_t i = 0; i < kSums; ++i) add(sums[i], k + i);
  }
  for (std::size_t k = whole; k < energy.size(); ++k) add(sums[0], k);
  RowSums total;
  for (const RowSums& sum : sums) {
    total.largest = std::max(total.largest, sum.largest);
    total.square += sum.square;
    total.signal += sum.signal;
  }
  return total;
}

}  // namespace

std::string_view WeightPrecisionName(WeightPrecision precision) {
  switch (precision) {
    case WeightPrecision::kFloat32:
      return "float32";
    case WeightPrecision::kFloat16:
      return "float16";
    case WeightPrecision::kBFloat16:
      return "bfloat16";
    case WeightPrecision::kInt8:
      return "int8";
  }
  return "";
}

double EstimateInt8Loss(const LinearSpec& linear, const WeightMap& weights) {
  const Inputs inputs = InputsOf(linear, weights);
  double energy = 0;
  for (const float e : inputs.energy) energy += e;
  const double input_step = inputs.span / kInputSteps;
  double noise = 0;
  double signal = 0;
  std::vector<float> row(static_cast<std::size_t>(linear.in));
  for (const std::string& part : linear.parts) {
    const TensorView weight = weights.Get(part + ".weight");
    const std::size_t row_bytes = row.size() * SizeOf(weight.dtype);
    for (std::int64_t out = 0; out < linear.out; ++out) {
      ConvertToFloat(weight.data + static_cast<std::size_t>(out) * row_bytes, weight.dtype,
                     row.size(), row.data());
      const RowSums sums = SumRow(row.data(), inputs.energy);
      const double step = sums.largest / kSteps;
      noise += kRounding * (step * step * energy + input_step * input_step * sums.square);
      signal += sums.signal;
    }
  }
  return signal == 0 ? 0 : std::sqrt(noise / signal);
}

void WeightFormats::ChooseLinears(const WeightManifest& manifest, const WeightMap& weights,
                                  const Checkpoint& checkpoint, WeightPrecision precision) {
  const auto choose = [&](std::size_t i) -> std::pair<WeightFormat, double> {
    const LinearSpec& linear = manifest.linears[i];
    if (!WeightManifest::Has(linear, weights)) return {WeightFormat::kF32, 0};
    if (precision == WeightPrecision::kFloat16) return {WeightFormat::kF16, 0};
    if (precision == WeightPrecision::kBFloat16) return {WeightFormat::kBF16, 0};
    if (precision == WeightPrecision::kFloat32 || !linear.may_be_int8) {
      return {StoredFormat(linear, weights), 0};
    }
    if (linear.in > kMaxInt8Features) return {StoredFormat(linear, weights), 1};
    const double loss = EstimateInt8Loss(linear, weights);
    for (const std::string& part : linear.parts) checkpoint.Release(weights.Get(part + ".weight"));
    // Written so that NaN is out of line, too.
    if (loss <= kMostLoss) return {WeightFormat::kInt8, loss};
    return {StoredFormat(linear, weights), loss};
  };
  const auto chosen = ParallelMap(manifest.linears.size(), choose);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto& [format, loss] = chosen[i];
    const LinearSpec& linear = manifest.linears[i];
    const std::string& name = linear.parts.front();
    formats_.emplace(name, format);
    if (precision == WeightPrecision::kInt8 && format != WeightFormat::kInt8 &&
        linear.may_be_int8) {
      kept_.push_back(fmt::format("{} ({:.1f} %)", name, 100 * loss));
    }
  }
}

void WeightFormats::ChooseTables(const WeightManifest& manifest, const WeightMap& weights,
                                 const Checkpoint& checkpoint, WeightPrecision precision) {
  for (const TableSpec& spec : manifest.tables) {
    const TensorView table = weights.Get(spec.name);
    DType type = table.dtype;
    if (type == DType::kF32 && precision == WeightPrecision::kBFloat16) type = DType::kBF16;
    if (type == DType::kF32 &&
        (precision == WeightPrecision::kFloat16 || precision == WeightPrecision::kInt8)) {
      checkpoint.Prefault(table);  // for the conversion, too
      if (FitsF16(table)) type = DType::kF16;
    }
    tables_.emplace(spec.name, type);
  }
}

WeightFormats WeightFormats::Choose(const WeightManifest& manifest, const WeightMap& weights,
                                    const Checkpoint& checkpoint, WeightPrecision precision) {
  WeightFormats formats;
  formats.ChooseTables(manifest, weights, checkpoint, precision);
  formats.ChooseLinears(manifest, weights, checkpoint, precision);
  return formats;
}

WeightFormat WeightFormats::Of(const LinearSpec& linear) const {
  return formats_.at(linear.parts.front());
}

DType WeightFormats::Of(const TableSpec& table) const { return tables_.at(table.name); }

}  // namespace embd
