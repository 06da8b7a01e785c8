#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

// Included by the files of several instruction sets, each of which gets a copy of its own: see
// vector/unroll.h.
namespace embd::cpu {
namespace {  // NOLINT(google-build-namespaces)

// NOLINTNEXTLINE(misc-definitions-in-headers): a copy for each file is what is wanted
alignas(32) constexpr int kLanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

// 12 accumulators, 2 registers of columns and the broadcast value make 15 of 16.
struct Avx2Floats {
  using Reg = __m256;
  static constexpr int kWidth = 8;
  static constexpr int kTileRows = 6;
  static constexpr int kPanelRegs = 2;
  static constexpr int kTurn = 4;
  static constexpr int kRequestTurn = 2;
  static constexpr std::int64_t kPrefetchRows = 0;

  static Reg Zero() { return _mm256_setzero_ps(); }
  static Reg Set(float x) { return _mm256_set1_ps(x); }
  static Reg Load(const float* from) { return _mm256_loadu_ps(from); }
  static void Store(float* to, Reg x) { _mm256_storeu_ps(to, x); }
  static __m256i First(std::int64_t n) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kLanes + 8 - n));
  }
  static Reg LoadPartial(const float* from, std::int64_t n) {
    return _mm256_maskload_ps(from, First(n));
  }
  static void StorePartial(float* to, Reg x, std::int64_t n) {
    _mm256_maskstore_ps(to, First(n), x);
  }
  static Reg KeepFirst(Reg x, std::int64_t n) {
    return _mm256_and_ps(x, _mm256_castsi256_ps(First(n)));
  }

  static Reg Add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static Reg Sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static Reg Mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static Reg Div(Reg a, Reg b) { return _mm256_div_ps(a, b); }
  static Reg Fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  // Written out, since g++ 12 would put sums into other registers from step to step and run out of
  // them.
  static void AddProduct(Reg& sum, Reg x, Reg y) {
    asm("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(x), "x"(y));
  }
  static Reg Max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
  static Reg Min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
  static Reg Abs(Reg x) { return _mm256_andnot_ps(Set(-0.0F), x); }
  static Reg Negate(Reg x) { return _mm256_xor_ps(x, Set(-0.0F)); }
  static Reg Sqrt(Reg x) { return _mm256_sqrt_ps(x); }
  static float Sum(Reg x) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
  }

  static Reg Reciprocal(Reg x) { return Div(Set(1.0F), x); }
  // x * 2^n, where n is in the low bits of `shifted`.
  static Reg AddToExponent(Reg x, Reg shifted) {
    const __m256i n = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), n));
  }
  static Reg ZeroWhereLess(Reg value, Reg x, Reg limit) {
    return _mm256_and_ps(_mm256_cmp_ps(x, limit, _CMP_NLT_UQ), value);
  }
  static Reg SelectNegative(Reg x, Reg negative, Reg other) {
    return _mm256_blendv_ps(other, negative, x);
  }

  static Reg LoadAs(const std::byte* from, std::int64_t index, DType dtype) {
    if (dtype == DType::kF32) return Load(reinterpret_cast<const float*>(from + index * 4));
    return FromHalves(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + index * 2)), dtype);
  }
  static Reg LoadOneAs(const std::byte* from, std::int64_t index, DType dtype) {
    int bits = 0;
    __builtin_memcpy(&bits, from + index * (dtype == DType::kF32 ? 4 : 2),
                     dtype == DType::kF32 ? 4 : 2);
    const __m128i one = _mm_cvtsi32_si128(bits);
    if (dtype == DType::kF32) return _mm256_zextps128_ps256(_mm_castsi128_ps(one));
    return FromHalves(one, dtype);
  }
  static Reg FromHalves(__m128i bits, DType dtype) {
    if (dtype == DType::kF16) return _mm256_cvtph_ps(bits);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }

  static void Transpose(Reg (&r)[8]) {
    Reg t[8];
    for (int i = 0; i < 8; i += 2) {
      t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
      t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
      r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
      r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
      r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
      r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; ++i) {
      t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
      t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
    for (int i = 0; i < 8; ++i) r[i] = t[i];
  }

  static void StoreAs(std::byte* to, std::int64_t index, Reg x, DType dtype) {
    if (dtype == DType::kF32) return Store(reinterpret_cast<float*>(to + index * 4), x);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + index * 2), ToHalves(x, dtype));
  }
  static __m128i ToHalves(Reg x, DType dtype) {
    if (dtype == DType::kF16) return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
    // To the nearest, ties to even; a NaN keeps its sign and is quiet.
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i carry = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    const __m256i rounded = _mm256_blendv_epi8(_mm256_add_epi32(bits, carry), quiet, nan);
    const __m256i halves = _mm256_srli_epi32(rounded, 16);
    const __m256i packed = _mm256_packus_epi32(halves, halves);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
  }

  // The larger of the values as integers, which for floats without a sign is the same but for NaN:
  // that is larger than all.
  static Reg MaxBits(Reg a, Reg b) {
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
  }
  static float LargestBits(Reg x) {
    const __m256i eight = _mm256_castps_si256(x);
    const __m128i four =
        _mm_max_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x0e));
    const __m128i one = _mm_max_epi32(two, _mm_shuffle_epi32(two, 0x01));
    return _mm_cvtss_f32(_mm_castsi128_ps(one));
  }

  static float Largest(Reg x) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
  }
};

}  // namespace
}  // namespace embd::cpu
