#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/attention.h"
#include "kernels/cpu/vector/int8_kernels.h"
#include "kernels/cpu/vector/linear.h"
#include "kernels/cpu/vector/norm.h"
#include "kernels/cpu/vector/pack.h"
#include "kernels/cpu/vector/rotary.h"
#include "kernels/cpu/vector/rows.h"

namespace embd::cpu {

template <typename V>
constexpr CpuKernels MakeKernels() {
  return {.register_floats = V::kWidth,
          .panel_columns = V::kPanelRegs * V::kWidth,
          .query_block = static_cast<int>(AttentionKernel<V>::kQueries),
          .linear_scratch_bytes = &LinearKernel<V>::ScratchBytes,
          .attention_scratch_floats = &AttentionKernel<V>::ScratchFloats,
          .pack = &PackKernel<V>::Run,
          .linear = &LinearKernel<V>::Run,
          .attention = &AttentionKernel<V>::Run,
          .norm = &NormKernel<V>::Run,
          .rotate = &RotaryKernel<V>::Run,
          .embed = &RowKernels<V>::Embed,
          .mean = &RowKernels<V>::Mean,
          .largest = &RowKernels<V>::Largest,
          .int8 = MakeInt8Kernels<V>()};
}

}  // namespace embd::cpu
