#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace embd {

// Element types that a checkpoint may hold. Only the float types can be weights; the others are
// recognised so that a file holding them is still read and checked.
enum class DType : std::uint8_t {
  kBool,
  kU8,
  kI8,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kF64,
  kI64,
  kU64,
  kF8E4M3,
  kF8E5M2
};

// Bytes of one element.
std::size_t SizeOf(DType dtype);

// The name in safetensors files ("F32", "BF16", ...) and back.
std::string_view SafetensorsName(DType dtype);
std::optional<DType> DTypeFromSafetensors(std::string_view name);

}  // namespace embd
