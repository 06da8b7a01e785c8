#include <cpuid.h>

#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/relax.h"

namespace embd::cpu {
namespace {

// Which clang 14 does not know by name.
bool HasF16c() {
  unsigned int eax = 0;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  unsigned int edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

// The compiler's run-time library reads cpuid and, for the wide registers, whether the operating
// system saves them.
bool HasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && HasF16c();
}

bool HasAvx512() {
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

}  // namespace

const CpuKernels* FindKernels(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kPortable:
      return &PortableKernels();
    case CpuIsa::kAvx2:
      return HasAvx2() ? &Avx2Kernels() : nullptr;
    case CpuIsa::kAvx512:
      return HasAvx512() ? &Avx512Kernels() : nullptr;
    default:
      return nullptr;
  }
}

void Relax() { __builtin_ia32_pause(); }

}  // namespace embd::cpu
