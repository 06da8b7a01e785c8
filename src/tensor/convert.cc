#include "tensor/convert.h"

#include <cstdlib>
#include <cstring>

namespace embd {
namespace {

template <float (*kConvert)(std::uint16_t)>
void ConvertHalves(const std::byte* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
    to[i] = kConvert(bits);
  }
}

}  // namespace

void ConvertToFloat(const std::byte* from, DType dtype, std::size_t count, float* to) {
  switch (dtype) {
    case DType::kF32:
      if (count > 0) std::memcpy(to, from, count * sizeof(float));
      return;
    case DType::kF16:
      return ConvertHalves<FloatFromF16>(from, count, to);
    case DType::kBF16:
      return ConvertHalves<FloatFromBF16>(from, count, to);
    default:
      std::abort();
  }
}

}  // namespace embd
