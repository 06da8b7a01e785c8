#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/isa/gelu_table.h"
#include "tensor/dtype.h"

// Included by the files of several instruction sets, each of which gets a copy of its own: see
// vector/unroll.h.
namespace embd::cpu {
namespace {  // NOLINT(google-build-namespaces)

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

  static void StoreAs(std::byte* to, std::int64_t index, Reg x, DType dtype) {
    if (dtype == DType::kF32) return _mm512_storeu_ps(to + index * 4, x);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + index * 2), ToHalves(x, dtype));
  }
  static __m256i ToHalves(Reg x, DType dtype) {
    if (dtype == DType::kF16) return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
    // To the nearest, ties to even; a NaN keeps its sign and is quiet.
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i carry = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i rounded = _mm512_mask_mov_epi32(_mm512_add_epi32(bits, carry), nan, quiet);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
  }

  // The larger of the values as integers, which for floats without a sign is the same but for NaN:
  // that is larger than all.
  static Reg MaxBits(Reg a, Reg b) {
    return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
  }
  static float LargestBits(Reg x) {
    const int bits = _mm512_reduce_max_epi32(_mm512_castps_si512(x));
    float largest = 0.0F;
    __builtin_memcpy(&largest, &bits, sizeof(largest));
    return largest;
  }

  static float Largest(Reg x) { return _mm512_reduce_max_ps(x); }

  // Products of 8-bit integers as 16-bit ones: in each group of four activations the first and
  // third stand together, and so do the second and fourth. 24 accumulators, 3 registers of columns,
  // the broadcast value and a product make 29 of 32.
  using Ints = __m512i;
  static constexpr int kInt8TileRows = 8;
  static constexpr int kInt8PanelRegs = 3;
  static constexpr int kInt8Parts = 2;
  static constexpr int kInt8KUnit = 16;
  static constexpr int kActivationBytes = 2;
  static constexpr int kActivationOffset = 0;

  // GELU as max(x, 0) - t(|x|); see Math::Gelu.
  static Reg TableGelu(Reg x) {
    // Just below the end, so that the nearest whole number below is the last part's.
    const Reg a = Min(Abs(x), Set(4.7999F));
    const Reg at = Fma(a, Set(16 / 4.8F), Set(-0.5F));
    const Reg shifted = Add(at, Set(0x1.8p23F));
    const Reg from_middle = Sub(at, Sub(shifted, Set(0x1.8p23F)));
    const __m512i part = _mm512_castps_si512(shifted);  // its low four bits count
    Reg tail = _mm512_permutexvar_ps(part, Load(kGeluTail[3]));
    tail = Fma(tail, from_middle, _mm512_permutexvar_ps(part, Load(kGeluTail[2])));
    tail = Fma(tail, from_middle, _mm512_permutexvar_ps(part, Load(kGeluTail[1])));
    tail = Fma(tail, from_middle, _mm512_permutexvar_ps(part, Load(kGeluTail[0])));
    return Sub(Max(Zero(), x), tail);
  }

  static Ints LoadInts(const std::int32_t* from) { return _mm512_loadu_si512(from); }
  static void StoreInts(std::int32_t* to, Ints x) { _mm512_storeu_si512(to, x); }
  static Reg FromInts(Ints x) { return _mm512_cvtepi32_ps(x); }
  static void StoreS8(std::int8_t* to, Reg x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(x)));
  }
  static void StoreActivations(std::byte* to, Reg x) {
    const __m512i ints = _mm512_cvtps_epi32(x);
    const __m512i words = _mm512_shufflelo_epi16(_mm512_packs_epi32(ints, ints), 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        _mm512_castsi512_si256(_mm512_maskz_compress_epi64(0x55, words)));
  }
  template <int kPart>
  static Ints LoadWeights(const std::byte* from) {
    const __m512i bytes = _mm512_loadu_si512(from);
    return _mm512_srai_epi16(kPart == 0 ? _mm512_slli_epi16(bytes, 8) : bytes, 8);
  }
  static Ints Broadcast(const std::byte* from) {
    int word = 0;
    __builtin_memcpy(&word, from, sizeof(word));
    return _mm512_set1_epi32(word);
  }
  // Written out, since g++ 12 computes many products before it adds the first, and lacks registers.
  static Ints Dot(Ints sums, Ints value, Ints columns) {
    Ints product;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
        : "+v"(sums), "=&v"(product)
        : "v"(value), "v"(columns));
    return sums;
  }
};

}  // namespace
}  // namespace embd::cpu
