#include "kernels/cpu/isa/avx512_registers.h"
#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/kernels.h"

namespace embd::cpu {
namespace {

constexpr CpuKernels kKernels = MakeKernels<Avx512>();

}  // namespace

const CpuKernels& Avx512Kernels() { return kKernels; }

}  // namespace embd::cpu
