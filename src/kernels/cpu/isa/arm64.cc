#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/relax.h"

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

void Relax() { asm volatile("yield"); }

}  // namespace embd::cpu
