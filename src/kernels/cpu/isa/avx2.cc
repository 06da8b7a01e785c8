#include "kernels/cpu/isa/avx2_registers.h"
#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/kernels.h"

namespace embd::cpu {
namespace {

constexpr CpuKernels kKernels = MakeKernels<Avx2>();

}  // namespace

const CpuKernels& Avx2Kernels() { return kKernels; }

}  // namespace embd::cpu
