#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/int8_linear.h"
#include "kernels/cpu/vector/int8_quantize.h"

namespace embd::cpu {

template <typename V>
constexpr Int8Kernels MakeInt8Kernels() {
  return {.panel_columns = V::kInt8PanelRegs * V::kWidth,
          .k_unit = V::kInt8KUnit,
          .scratch_bytes = &Int8LinearKernel<V>::ScratchBytes,
          .pack = &Int8Quantizer<V>::Pack,
          .linear = &Int8LinearKernel<V>::Run};
}

}  // namespace embd::cpu
