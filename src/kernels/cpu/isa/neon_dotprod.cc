#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/neon_registers.h"
#include "kernels/cpu/vector/int8_kernels.h"

namespace embd::cpu {
namespace {

struct NeonDotprod : Neon {
  static Ints Dot(Ints sums, Ints value, Ints columns) {
    return vdotq_s32(sums, vreinterpretq_s8_s32(value), vreinterpretq_s8_s32(columns));
  }
};

constexpr Int8Kernels kKernels = MakeInt8Kernels<NeonDotprod>();

}  // namespace

const Int8Kernels& NeonDotprodKernels() { return kKernels; }

}  // namespace embd::cpu
