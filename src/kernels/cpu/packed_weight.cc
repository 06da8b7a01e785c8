#include "kernels/cpu/packed_weight.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "tensor/convert.h"

namespace embd::cpu {
namespace {

constexpr int kMaxRegisterFloats = 16;

std::int64_t OutFeatures(std::span<const LinearWeight> stacked) {
  std::int64_t out = 0;
  for (const LinearWeight& part : stacked) out += part.weight.shape[0];
  return out;
}

std::int64_t RoundUp(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

DType FloatType(WeightFormat format) {
  if (format == WeightFormat::kF16) return DType::kF16;
  return format == WeightFormat::kBF16 ? DType::kBF16 : DType::kF32;
}

// Walks the rows of the stacked matrices in order.
class RowCursor {
 public:
  explicit RowCursor(std::span<const LinearWeight> stacked) : stacked_(stacked) {}

  // The next row, or one of zeros when there are no more.
  PackColumn Next() {
    while (!stacked_.empty() && row_ == stacked_.front().weight.shape[0]) {
      stacked_ = stacked_.subspan(1);
      row_ = 0;
    }
    if (stacked_.empty()) return {};
    const TensorView& weight = stacked_.front().weight;
    const std::int64_t row_bytes =
        weight.shape[1] * static_cast<std::int64_t>(SizeOf(weight.dtype));
    return {.data = weight.data + row_++ * row_bytes, .dtype = weight.dtype};
  }

 private:
  std::span<const LinearWeight> stacked_;
  std::int64_t row_ = 0;
};

}  // namespace

PackedWeight::Layout::Layout(std::int64_t out, std::int64_t in, WeightFormat format_in,
                             const CpuKernels& kernels)
    : format(format_in),
      panel_columns(kernels.panel_columns),
      padded_out(RoundUp(out, kernels.register_floats)),
      column_bytes(in * static_cast<std::int64_t>(SizeOf(FloatType(format)))) {
  if (format == WeightFormat::kInt8) {
    panel_columns = kernels.int8.panel_columns;
    column_bytes = RoundUp(in, kernels.int8.k_unit);
  }
  const auto outputs = static_cast<std::size_t>(padded_out);
  const std::size_t scale_bytes = format == WeightFormat::kInt8 ? outputs * sizeof(float) : 0;
  scales = static_cast<std::size_t>(padded_out * column_bytes);
  offsets = scales + scale_bytes;
  sums = offsets + scale_bytes;
  bias = sums + scale_bytes;
  bytes = bias + outputs * sizeof(float);
}

PackedWeight::PackedWeight(std::span<const LinearWeight> stacked, WeightFormat format,
                           const CpuKernels& kernels)
    : PreparedWeight(OutFeatures(stacked), stacked.front().weight.shape[1]),
      layout_(out_features(), in_features(), format, kernels),
      buffer_(layout_.bytes) {
  is_int8() ? PackInt8(stacked, kernels) : Pack(stacked, kernels);
  CopyBias(stacked);
}

std::size_t PackedWeight::Bytes(std::int64_t out, std::int64_t in, WeightFormat format,
                                const CpuKernels& kernels) {
  return PageBuffer::ResidentBytes(Layout(out, in, format, kernels).bytes);
}

DType PackedWeight::dtype() const { return FloatType(layout_.format); }

std::int64_t PackedWeight::panels() const {
  return (out_features() + layout_.panel_columns - 1) / layout_.panel_columns;
}

LinearPanels PackedWeight::Panels() const {
  const std::byte* const data = buffer_.data();
  return {.packed = data,
          .scales = reinterpret_cast<const float*>(data + layout_.scales),
          .offsets = reinterpret_cast<const std::int32_t*>(data + layout_.offsets),
          .sums = reinterpret_cast<const float*>(data + layout_.sums),
          .bias = reinterpret_cast<const float*>(data + layout_.bias)};
}

LinearTask PackedWeight::Task() const {
  return {.weight = Panels(),
          .dtype = dtype(),
          .in_features = in_features(),
          .out_features = out_features(),
          .panel_end = panels()};
}

void PackedWeight::Pack(std::span<const LinearWeight> stacked, const CpuKernels& kernels) {
  assert(kernels.register_floats <= kMaxRegisterFloats);
  RowCursor rows(stacked);
  const auto element = static_cast<std::int64_t>(SizeOf(dtype()));
  std::array<PackColumn, kMaxRegisterFloats> columns;
  for (std::int64_t first = 0; first < layout_.padded_out; first += kernels.register_floats) {
    for (int i = 0; i < kernels.register_floats; ++i) columns[i] = rows.Next();
    const std::int64_t panel = first / layout_.panel_columns * layout_.panel_columns;
    kernels.pack({.columns = columns.data(),
                  .count = kernels.register_floats,
                  .in_features = in_features(),
                  .dtype = dtype(),
                  .to = buffer_.data() + panel * layout_.column_bytes + (first - panel) * element,
                  .to_stride = std::min(layout_.panel_columns, layout_.padded_out - panel)});
  }
}

void PackedWeight::PackInt8(std::span<const LinearWeight> stacked, const CpuKernels& kernels) {
  assert(kernels.register_floats <= kMaxRegisterFloats);
  RowCursor rows(stacked);
  std::vector<std::int8_t> scratch(
      static_cast<std::size_t>(kernels.register_floats * layout_.column_bytes));
  std::array<PackColumn, kMaxRegisterFloats> columns;
  auto* scales = reinterpret_cast<float*>(buffer_.data() + layout_.scales);
  auto* sums = reinterpret_cast<float*>(buffer_.data() + layout_.sums);
  auto* offsets = reinterpret_cast<std::int32_t*>(buffer_.data() + layout_.offsets);
  for (std::int64_t first = 0; first < layout_.padded_out; first += kernels.register_floats) {
    for (int i = 0; i < kernels.register_floats; ++i) columns[i] = rows.Next();
    const std::int64_t panel = first / layout_.panel_columns * layout_.panel_columns;
    kernels.int8.pack({.columns = columns.data(),
                       .count = kernels.register_floats,
                       .in_features = in_features(),
                       .rows = scratch.data(),
                       .to = buffer_.data() + panel * layout_.column_bytes + (first - panel) * 4,
                       .to_stride = 4 * std::min(layout_.panel_columns, layout_.padded_out - panel),
                       .scales = scales + first,
                       .offsets = offsets + first,
                       .sums = sums + first});
  }
}

void PackedWeight::CopyBias(std::span<const LinearWeight> stacked) {
  auto* bias = reinterpret_cast<float*>(buffer_.data() + layout_.bias);
  for (const LinearWeight& part : stacked) {
    const auto out = static_cast<std::size_t>(part.weight.shape[0]);
    if (part.bias.data != nullptr) {
      ConvertToFloat(part.bias.data, part.bias.dtype, out, bias);
    }
    bias += out;
  }
}

}  // namespace embd::cpu
