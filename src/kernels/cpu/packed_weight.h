#pragma once

#include <span>

#include "base/page_buffer.h"
#include "kernels/backend.h"
#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// A weight matrix in the kernels' layout: panels of `panel_columns` outputs, each [in, columns]
// with the last one as narrow as whole registers allow, then the bias.
class PackedWeight : public PreparedWeight {
 public:
  PackedWeight(std::span<const LinearWeight> stacked, const CpuKernels& kernels);

  static std::size_t Bytes(std::int64_t out, std::int64_t in, const CpuKernels& kernels);

  const float* panels() const { return reinterpret_cast<const float*>(buffer_.data()); }
  const float* bias() const { return panels() + padded_out_ * in_features(); }

 private:
  void Pack(std::span<const LinearWeight> stacked, const CpuKernels& kernels);
  void CopyBias(std::span<const LinearWeight> stacked);
  float* floats() { return reinterpret_cast<float*>(buffer_.data()); }

  std::int64_t padded_out_;
  PageBuffer buffer_;
};

}  // namespace embd::cpu
