#include <immintrin.h>

#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/kernels.h"

namespace embd::cpu {
namespace {

// 27 accumulators, 3 registers of columns and the broadcast value make 31 of 32.
struct Avx512 {
  using Reg = __m512;
  static constexpr int kWidth = 16;
  static constexpr int kTileRows = 9;
  static constexpr int kPanelRegs = 3;

  static Reg Zero() { return _mm512_setzero_ps(); }
  static Reg Set(float x) { return _mm512_set1_ps(x); }
  static Reg Load(const float* from) { return _mm512_loadu_ps(from); }
  static void Store(float* to, Reg x) { _mm512_storeu_ps(to, x); }
  static __mmask16 First(std::int64_t n) { return static_cast<__mmask16>((1U << n) - 1U); }
  static Reg LoadPartial(const float* from, std::int64_t n) {
    return _mm512_maskz_loadu_ps(First(n), from);
  }
  static void StorePartial(float* to, Reg x, std::int64_t n) {
    _mm512_mask_storeu_ps(to, First(n), x);
  }
  static Reg KeepFirst(Reg x, std::int64_t n) { return _mm512_maskz_mov_ps(First(n), x); }

  static Reg Add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg Sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static Reg Mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg Div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static Reg Fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg Max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
  static Reg Min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
  static Reg Abs(Reg x) { return _mm512_abs_ps(x); }
  static Reg Negate(Reg x) { return _mm512_xor_ps(x, Set(-0.0F)); }
  static Reg Sqrt(Reg x) { return _mm512_sqrt_ps(x); }
  static float Sum(Reg x) { return _mm512_reduce_add_ps(x); }

  // 14 bits and one Newton step.
  static Reg Reciprocal(Reg x) {
    const Reg guess = _mm512_rcp14_ps(x);
    return Fma(_mm512_fnmadd_ps(x, guess, Set(1.0F)), guess, guess);
  }
  // x * 2^n, where n is in the low bits of `shifted`.
  static Reg AddToExponent(Reg x, Reg shifted) {
    const __m512i n = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), n));
  }
  static Reg ZeroWhereLess(Reg value, Reg x, Reg limit) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_NLT_UQ), value);
  }
  static Reg SelectNegative(Reg x, Reg negative, Reg other) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), other, negative);
  }

  static Reg LoadAs(const std::byte* from, std::int64_t index, DType dtype) {
    if (dtype == DType::kF32) return _mm512_loadu_ps(from + index * 4);
    return FromHalves(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + index * 2)),
                      dtype);
  }
  static Reg LoadOneAs(const std::byte* from, std::int64_t index, DType dtype) {
    if (dtype == DType::kF32) return _mm512_maskz_loadu_ps(1, from + index * 4);
    return FromHalves(_mm256_maskz_loadu_epi16(1, from + index * 2), dtype);
  }
  static Reg FromHalves(__m256i bits, DType dtype) {
    if (dtype == DType::kF16) return _mm512_cvtph_ps(bits);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }

  static void Transpose(Reg (&r)[16]) {
    Reg t[16];
    for (int i = 0; i < 16; i += 2) {
      t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
      t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
      r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
      r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
      r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
      r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; ++i) {
      t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
      t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
      t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
      t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 8; ++i) {
      r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
      r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
    }
  }
};

constexpr CpuKernels kKernels = MakeKernels<Avx512>();

}  // namespace

const CpuKernels& Avx512Kernels() { return kKernels; }

}  // namespace embd::cpu
