#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/cpu/isa/avx2_floats.h"

namespace embd::cpu {
namespace {  // NOLINT(google-build-namespaces)

// Products of 8-bit integers as 16-bit ones: in each group of four activations the first and
// third stand together, and so do the second and fourth. The instruction for bytes would clip
// its sums. 12 accumulators, 2 registers of columns, the broadcast value and a product make 16.
struct Avx2 : Avx2Floats {
  using Ints = __m256i;
  static constexpr int kInt8TileRows = 6;
  static constexpr int kInt8PanelRegs = 2;
  static constexpr int kInt8Parts = 2;
  static constexpr int kInt8KUnit = 8;
  static constexpr int kActivationBytes = 2;
  static constexpr int kActivationOffset = 0;

  static Ints LoadInts(const std::int32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static void StoreInts(std::int32_t* to, Ints x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
  }
  static Reg FromInts(Ints x) { return _mm256_cvtepi32_ps(x); }
  // The 8 integers as 16-bit ones.
  static __m128i Narrow(Reg x) {
    const __m256i ints = _mm256_cvtps_epi32(x);
    const __m256i packed = _mm256_packs_epi32(ints, ints);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
  }
  static void StoreS8(std::int8_t* to, Reg x) {
    const __m128i narrow = Narrow(x);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi16(narrow, narrow));
  }
  static void StoreActivations(std::byte* to, Reg x) {
    const __m128i pairs = _mm_shufflehi_epi16(_mm_shufflelo_epi16(Narrow(x), 0xd8), 0xd8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), pairs);
  }
  template <int kPart>
  static Ints LoadWeights(const std::byte* from) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return _mm256_srai_epi16(kPart == 0 ? _mm256_slli_epi16(bytes, 8) : bytes, 8);
  }
  static Ints Broadcast(const std::byte* from) {
    int word = 0;
    __builtin_memcpy(&word, from, sizeof(word));
    return _mm256_set1_epi32(word);
  }
  // Written out, since g++ 12 computes many products before it adds the first, and lacks registers.
  static Ints Dot(Ints sums, Ints value, Ints columns) {
    Ints product;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
        : "+x"(sums), "=&x"(product)
        : "x"(value), "x"(columns));
    return sums;
  }
};

}  // namespace
}  // namespace embd::cpu
