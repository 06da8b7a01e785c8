#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

// Included by the files of several instruction sets, each of which gets a copy of its own: see
// vector/unroll.h.
namespace embd::cpu {
namespace {  // NOLINT(google-build-namespaces)

// 21 accumulators, 3 registers of columns and 7 for the rows' values, all of which g++ 12 loads
// before the first product, make 31 of 32.
struct Neon {
  using Reg = float32x4_t;
  static constexpr int kWidth = 4;
  static constexpr int kTileRows = 7;
  static constexpr int kPanelRegs = 3;

  static Reg Zero() { return vdupq_n_f32(0.0F); }
  static Reg Set(float x) { return vdupq_n_f32(x); }
  static Reg Load(const float* from) { return vld1q_f32(from); }
  static void Store(float* to, Reg x) { vst1q_f32(to, x); }
  static Reg LoadPartial(const float* from, std::int64_t n) {
    float four[4] = {};
    for (std::int64_t i = 0; i < n; ++i) four[i] = from[i];
    return Load(four);
  }
  static void StorePartial(float* to, Reg x, std::int64_t n) {
    float four[4];
    Store(four, x);
    for (std::int64_t i = 0; i < n; ++i) to[i] = four[i];
  }
  static Reg KeepFirst(Reg x, std::int64_t n) {
    float four[4];
    Store(four, x);
    return LoadPartial(four, n);
  }

  static Reg Add(Reg a, Reg b) { return vaddq_f32(a, b); }
  static Reg Sub(Reg a, Reg b) { return vsubq_f32(a, b); }
  static Reg Mul(Reg a, Reg b) { return vmulq_f32(a, b); }
  static Reg Div(Reg a, Reg b) { return vdivq_f32(a, b); }
  static Reg Fma(Reg a, Reg b, Reg c) { return vfmaq_f32(c, a, b); }
  static Reg Max(Reg a, Reg b) { return vmaxq_f32(a, b); }
  static Reg Min(Reg a, Reg b) { return vminq_f32(a, b); }
  static Reg Abs(Reg x) { return vabsq_f32(x); }
  static Reg Negate(Reg x) { return vnegq_f32(x); }
  static Reg Sqrt(Reg x) { return vsqrtq_f32(x); }
  static float Sum(Reg x) { return vaddvq_f32(x); }

  static Reg Reciprocal(Reg x) { return Div(Set(1.0F), x); }
  // x * 2^n, where n is in the low bits of `shifted`.
  static Reg AddToExponent(Reg x, Reg shifted) {
    const int32x4_t n = vshlq_n_s32(vreinterpretq_s32_f32(shifted), 23);
    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(x), n));
  }
  static Reg ZeroWhereLess(Reg value, Reg x, Reg limit) {
    return vbslq_f32(vcltq_f32(x, limit), Zero(), value);
  }
  static Reg SelectNegative(Reg x, Reg negative, Reg other) {
    const int32x4_t sign = vshrq_n_s32(vreinterpretq_s32_f32(x), 31);
    return vbslq_f32(vreinterpretq_u32_s32(sign), negative, other);
  }

  static Reg LoadAs(const std::byte* from, std::int64_t index, DType dtype) {
    if (dtype == DType::kF32) {
      return vreinterpretq_f32_u8(
          vld1q_u8(reinterpret_cast<const std::uint8_t*>(from + index * 4)));
    }
    return FromHalves(
        vreinterpret_u16_u8(vld1_u8(reinterpret_cast<const std::uint8_t*>(from + index * 2))),
        dtype);
  }
  static Reg LoadOneAs(const std::byte* from, std::int64_t index, DType dtype) {
    if (dtype == DType::kF32) {
      float x = 0.0F;
      __builtin_memcpy(&x, from + index * 4, 4);
      return vsetq_lane_f32(x, Zero(), 0);
    }
    std::uint16_t half = 0;
    __builtin_memcpy(&half, from + index * 2, 2);
    return FromHalves(vset_lane_u16(half, vdup_n_u16(0), 0), dtype);
  }
  static Reg FromHalves(uint16x4_t bits, DType dtype) {
    if (dtype == DType::kF16) return vcvt_f32_f16(vreinterpret_f16_u16(bits));
    return vreinterpretq_f32_u32(vshll_n_u16(bits, 16));
  }

  static void Transpose(Reg (&r)[4]) {
    const Reg a = vzip1q_f32(r[0], r[2]);
    const Reg b = vzip2q_f32(r[0], r[2]);
    const Reg c = vzip1q_f32(r[1], r[3]);
    const Reg d = vzip2q_f32(r[1], r[3]);
    r[0] = vzip1q_f32(a, c);
    r[1] = vzip2q_f32(a, c);
    r[2] = vzip1q_f32(b, d);
    r[3] = vzip2q_f32(b, d);
  }

  static void StoreAs(std::byte* to, std::int64_t index, Reg x, DType dtype) {
    auto* const bytes = reinterpret_cast<std::uint8_t*>(to);
    if (dtype == DType::kF32) return vst1q_u8(bytes + index * 4, vreinterpretq_u8_f32(x));
    vst1_u8(bytes + index * 2, vreinterpret_u8_u16(ToHalves(x, dtype)));
  }
  static uint16x4_t ToHalves(Reg x, DType dtype) {
    if (dtype == DType::kF16) return vreinterpret_u16_f16(vcvt_f16_f32(x));
    // To the nearest, ties to even; a NaN keeps its sign and is quiet.
    const uint32x4_t bits = vreinterpretq_u32_f32(x);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
    const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
    return vshrn_n_u32(vbslq_u32(vceqq_f32(x, x), rounded, quiet), 16);
  }

  // The larger of the values as integers, which for floats without a sign is the same but for NaN:
  // that is larger than all.
  static Reg MaxBits(Reg a, Reg b) {
    return vreinterpretq_f32_s32(vmaxq_s32(vreinterpretq_s32_f32(a), vreinterpretq_s32_f32(b)));
  }
  static float LargestBits(Reg x) {
    const std::int32_t bits = vmaxvq_s32(vreinterpretq_s32_f32(x));
    float largest = 0.0F;
    __builtin_memcpy(&largest, &bits, sizeof(largest));
    return largest;
  }

  static float Largest(Reg x) { return vmaxvq_f32(x); }

  // 21 accumulators, 3 registers of columns, the broadcast value and two of products make 27.
  using Ints = int32x4_t;
  static constexpr int kInt8TileRows = 7;
  static constexpr int kInt8PanelRegs = 3;
  static constexpr int kInt8Parts = 1;
  static constexpr int kInt8KUnit = 4;
  static constexpr int kActivationBytes = 1;
  static constexpr int kActivationOffset = 128;

  static Ints LoadInts(const std::int32_t* from) { return vld1q_s32(from); }
  static void StoreInts(std::int32_t* to, Ints x) { vst1q_s32(to, x); }
  static Reg FromInts(Ints x) { return vcvtq_f32_s32(x); }
  static void StoreS8(std::int8_t* to, Reg x) {
    const int16x4_t narrow = vqmovn_s32(vcvtnq_s32_f32(x));
    const int8x8_t bytes = vqmovn_s16(vcombine_s16(narrow, narrow));
    __builtin_memcpy(to, &bytes, 4);
  }
  static void StoreActivations(std::byte* to, Reg x) {
    StoreS8(reinterpret_cast<std::int8_t*>(to), Sub(x, Set(128.0F)));
  }
  template <int kPart>
  static Ints LoadWeights(const std::byte* from) {
    return vreinterpretq_s32_s8(vld1q_s8(reinterpret_cast<const std::int8_t*>(from)));
  }
  static Ints Broadcast(const std::byte* from) {
    std::int32_t word = 0;
    __builtin_memcpy(&word, from, sizeof(word));
    return vdupq_n_s32(word);
  }
  // Two products of integers up to 127 and 128 fit 16 bits.
  static Ints Dot(Ints sums, Ints value, Ints columns) {
    const int8x16_t a = vreinterpretq_s8_s32(value);
    const int8x16_t b = vreinterpretq_s8_s32(columns);
    const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b));
    return vpadalq_s16(sums, vpaddq_s16(low, vmull_high_s8(a, b)));
  }
};

}  // namespace
}  // namespace embd::cpu
