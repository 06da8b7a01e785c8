#include "kernels/cpu/isa/find_kernels.h"

namespace embd::cpu {

const CpuKernels* FindKernels(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kPortable:
      return &PortableKernels();
    case CpuIsa::kNeon:  // part of every AArch64
      return &NeonKernels();
    default:
      return nullptr;
  }
}

}  // namespace embd::cpu
