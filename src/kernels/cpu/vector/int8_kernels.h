#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/int8_linear.h"
#include "kernels/cpu/vector/int8_quantize.h"

namespace embd::cpu {

template <typename V, typename T = Int8Tiles<V>>
constexpr Int8Kernels MakeInt8Kernels() {
  return {.panel_columns = T::kRegs * V::kWidth,
          .k_unit = V::kInt8KUnit,
          .scratch_bytes = &Int8LinearKernel<V, T>::ScratchBytes,
          .pack = &Int8Quantizer<V>::Pack,
          .linear = &Int8LinearKernel<V, T>::Run};
}

}  // namespace embd::cpu
