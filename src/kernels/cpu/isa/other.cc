#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/relax.h"

namespace embd::cpu {

const CpuKernels* FindKernels(CpuIsa isa) {
  return isa == CpuIsa::kPortable ? &PortableKernels() : nullptr;
}

void Relax() {}

}  // namespace embd::cpu
