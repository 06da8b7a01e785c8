#pragma once

#include <cstdint>

namespace embd {

enum class Activation : std::uint8_t {
  kNone,
  kGelu,      // exact: x/2 (1 + erf(x/sqrt 2))
  kGeluTanh,  // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
  kRelu,
  kSilu,  // x / (1 + exp(-x))
  kTanh,
};

enum class Pooling : std::uint8_t { kCls, kMean, kLastToken };

}  // namespace embd
