#include "kernels/cpu/isa/find_kernels.h"

namespace embd::cpu {

const CpuKernels* FindKernels(CpuIsa isa) {
  return isa == CpuIsa::kPortable ? &PortableKernels() : nullptr;
}

}  // namespace embd::cpu
