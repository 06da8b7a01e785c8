#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/relax.h"

namespace embd::cpu {
namespace {

struct CpuId {
  unsigned int eax = 0;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  unsigned int edx = 0;
};

CpuId ReadCpuId(unsigned int leaf, unsigned int subleaf) {
  CpuId id;
  if (__get_cpuid_count(leaf, subleaf, &id.eax, &id.ebx, &id.ecx, &id.edx) == 0) return {};
  return id;
}

// The compiler's run-time library reads cpuid and, for the wide registers, whether the operating
// system saves them. What clang 14 does not know by name is read here.
bool HasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         (ReadCpuId(1, 0).ecx & bit_F16C) != 0;
}

bool HasAvxVnni() {
  constexpr unsigned int kAvxVnniBit = 1U << 4U;
  return HasAvx2() && (ReadCpuId(7, 1).eax & kAvxVnniBit) != 0;
}

bool HasAvx512() {
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool HasAvx512Vnni() { return HasAvx512() && __builtin_cpu_supports("avx512vnni"); }

// The tiles' registers are so large that a process has to ask the kernel for them; threads that
// start later have them, too.
bool HasAmxInt8() {
  constexpr unsigned int kAmxTileAndInt8Bits = 3U << 24U;
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  static const bool permitted =
      (ReadCpuId(7, 0).edx & kAmxTileAndInt8Bits) == kAmxTileAndInt8Bits &&
      ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return HasAvx512() && permitted;
}

}  // namespace

const CpuKernels* FindKernels(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kPortable:
      return &PortableKernels();
    case CpuIsa::kAvx2:
      return HasAvx2() ? &Avx2Kernels() : nullptr;
    case CpuIsa::kAvxVnni: {
      static const CpuKernels kernels = WithInt8(Avx2Kernels(), AvxVnniKernels());
      return HasAvxVnni() ? &kernels : nullptr;
    }
    case CpuIsa::kAvx512:
      return HasAvx512() ? &Avx512Kernels() : nullptr;
    case CpuIsa::kAvx512Vnni: {
      static const CpuKernels kernels = WithInt8(Avx512Kernels(), Avx512VnniKernels());
      return HasAvx512Vnni() ? &kernels : nullptr;
    }
    case CpuIsa::kAmxInt8: {
      static const CpuKernels kernels = WithInt8(Avx512Kernels(), AmxInt8Kernels());
      return HasAmxInt8() ? &kernels : nullptr;
    }
    default:
      return nullptr;
  }
}

void Relax() { __builtin_ia32_pause(); }

}  // namespace embd::cpu
