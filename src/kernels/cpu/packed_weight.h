#pragma once

#include <span>

#include "base/page_buffer.h"
#include "kernels/backend.h"
#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// A weight matrix in the kernels' layout: panels of some outputs side by side, the last one as
// narrow as whole registers allow; then, of integers, the scales, the starts of the sums and the
// sums of the columns; then the bias. All per output, padded to whole registers.
class PackedWeight : public PreparedWeight {
 public:
  PackedWeight(std::span<const LinearWeight> stacked, WeightFormat format,
               const CpuKernels& kernels);

  static std::size_t Bytes(std::int64_t out, std::int64_t in, WeightFormat format,
                           const CpuKernels& kernels);

  bool is_int8() const { return layout_.format == WeightFormat::kInt8; }
  DType dtype() const;  // of the panels, unless they are integers
  std::int64_t panels() const;

  // Where all panels are.
  LinearPanels Panels() const;
  // The parts of a task that the weight decides: all panels, all columns.
  LinearTask Task() const;

 private:
  struct Layout {
    Layout(std::int64_t out, std::int64_t in, WeightFormat format_in, const CpuKernels& kernels);

    WeightFormat format;
    std::int64_t panel_columns;
    std::int64_t padded_out;
    std::int64_t column_bytes;  // of one output in the panels
    std::size_t scales;         // where they begin, as those below
    std::size_t offsets;
    std::size_t sums;
    std::size_t bias;
    std::size_t bytes;
  };

  void Pack(std::span<const LinearWeight> stacked, const CpuKernels& kernels);
  void PackInt8(std::span<const LinearWeight> stacked, const CpuKernels& kernels);
  void CopyBias(std::span<const LinearWeight> stacked);

  Layout layout_;
  PageBuffer buffer_;
};

}  // namespace embd::cpu
