#include "kernels/cpu/isa/avx2_registers.h"
#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/int8_kernels.h"

namespace embd::cpu {
namespace {

// The instruction needs no register for products: 12 accumulators, 2 registers of columns and the
// broadcast value make 15 of 16.
struct AvxVnni : Avx2 {
  static constexpr int kInt8Parts = 1;
  static constexpr int kActivationBytes = 1;

  static void StoreActivations(std::byte* to, Reg x) {
    const __m128i narrow = Narrow(x);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(narrow, narrow));
  }
  template <int kPart>
  static Ints LoadWeights(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  // Written out as in avx512_vnni.cc, and in the encoding that machines without AVX-512 have.
  static Ints Dot(Ints sums, Ints value, Ints columns) {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(value), "x"(columns));
    return sums;
  }
};

constexpr Int8Kernels kKernels = MakeInt8Kernels<AvxVnni>();

}  // namespace

const Int8Kernels& AvxVnniKernels() { return kKernels; }

}  // namespace embd::cpu
