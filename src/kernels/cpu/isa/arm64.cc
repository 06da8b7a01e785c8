#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/relax.h"

namespace embd::cpu {

const CpuKernels* FindKernels(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kPortable:
      return &PortableKernels();
    case CpuIsa::kNeon:  // part of every AArch64
      return &NeonKernels();
    case CpuIsa::kNeonDotprod: {
      static const CpuKernels kernels = WithInt8(NeonKernels(), NeonDotprodKernels());
      return (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0 ? &kernels : nullptr;
    }
    case CpuIsa::kNeonI8mm: {
      static const CpuKernels kernels = WithInt8(NeonKernels(), NeonI8mmKernels());
      return (::getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0 ? &kernels : nullptr;
    }
    default:
      return nullptr;
  }
}

void Relax() { asm volatile("yield"); }

}  // namespace embd::cpu
