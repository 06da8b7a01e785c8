#include "kernels/cpu/isa/avx512_registers.h"
#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/int8_kernels.h"

namespace embd::cpu {
namespace {

// 27 accumulators, 3 registers of columns and the broadcast value make 31 of 32.
struct Avx512Vnni : Avx512 {
  static constexpr int kInt8TileRows = 9;
  static constexpr int kInt8Parts = 1;
  static constexpr int kActivationBytes = 1;

  static void StoreActivations(std::byte* to, Reg x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(x)));
  }
  template <int kPart>
  static Ints LoadWeights(const std::byte* from) {
    return _mm512_loadu_si512(from);
  }
  // Written out, since g++ 12 moves the accumulators to the stack around its own intrinsic, which
  // costs three quarters of the speed.
  static Ints Dot(Ints sums, Ints value, Ints columns) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(value), "v"(columns));
    return sums;
  }
};

constexpr Int8Kernels kKernels = MakeInt8Kernels<Avx512Vnni>();

}  // namespace

const Int8Kernels& Avx512VnniKernels() { return kKernels; }

}  // namespace embd::cpu
