#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace embd {

// The float with the same value. NaNs stay NaNs.
constexpr float FloatFromBF16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

constexpr float FloatFromF16(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 31U;
  const std::uint32_t fraction = bits & 0x3ffU;
  std::uint32_t magnitude = 0;
  if (exponent == 31) {
    magnitude = 0x7f800000U | fraction << 13;
  } else if (exponent > 0) {
    magnitude = (exponent + 112) << 23 | fraction << 13;  // from bias 15 to bias 127
  } else {
    magnitude = std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24F);
  }
  return std::bit_cast<float>(sign | magnitude);
}

// Whether ConvertToFloat reads this type: F32, F16 or BF16.
constexpr bool IsFloatWeight(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16;
}

// `count` elements of a float weight from `from`, which may be misaligned, to `to`. Asking for
// another type is a bug and aborts.
void ConvertToFloat(const std::byte* from, DType dtype, std::size_t count, float* to);

}  // namespace embd
