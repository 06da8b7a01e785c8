#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/neon_registers.h"
#include "kernels/cpu/vector/kernels.h"

namespace embd::cpu {
namespace {

constexpr CpuKernels kKernels = MakeKernels<Neon>();

}  // namespace

const CpuKernels& NeonKernels() { return kKernels; }

}  // namespace embd::cpu
