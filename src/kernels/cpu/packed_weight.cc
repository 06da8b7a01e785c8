#include "kernels/cpu/packed_weight.h"

#include <algorithm>
#include <array>
#include <cassert>

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

std::size_t Floats(std::int64_t padded_out, std::int64_t in) {
  return static_cast<std::size_t>(padded_out * (in + 1));
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

PackedWeight::PackedWeight(std::span<const LinearWeight> stacked, const CpuKernels& kernels)
    : PreparedWeight(OutFeatures(stacked), stacked.front().weight.shape[1]),
      padded_out_(RoundUp(out_features(), kernels.register_floats)),
      buffer_(Floats(padded_out_, in_features()) * sizeof(float)) {
  Pack(stacked, kernels);
  CopyBias(stacked);
}

std::size_t PackedWeight::Bytes(std::int64_t out, std::int64_t in, const CpuKernels& kernels) {
  return PageBuffer::ResidentBytes(Floats(RoundUp(out, kernels.register_floats), in) *
                                   sizeof(float));
}

void PackedWeight::Pack(std::span<const LinearWeight> stacked, const CpuKernels& kernels) {
  assert(kernels.register_floats <= kMaxRegisterFloats);
  RowCursor rows(stacked);
  std::array<PackColumn, kMaxRegisterFloats> columns;
  for (std::int64_t first = 0; first < padded_out_; first += kernels.register_floats) {
    for (int i = 0; i < kernels.register_floats; ++i) columns[i] = rows.Next();
    const std::int64_t panel = first / kernels.panel_columns * kernels.panel_columns;
    const std::int64_t width = std::min<std::int64_t>(kernels.panel_columns, padded_out_ - panel);
    kernels.pack({.columns = columns.data(),
                  .count = kernels.register_floats,
                  .in_features = in_features(),
                  .to = floats() + panel * in_features() + (first - panel),
                  .to_stride = width});
  }
}

void PackedWeight::CopyBias(std::span<const LinearWeight> stacked) {
  float* bias = floats() + padded_out_ * in_features();
  for (const LinearWeight& part : stacked) {
    const auto out = static_cast<std::size_t>(part.weight.shape[0]);
    if (part.bias.data != nullptr) {
      ConvertToFloat(part.bias.data, part.bias.dtype, out, bias);
    }
    bias += out;
  }
}

}  // namespace embd::cpu
