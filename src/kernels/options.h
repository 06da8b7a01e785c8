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

enum class NormKind : std::uint8_t {
  kLayer,  // mean 0 and variance 1
  kRms,    // mean square 1
};

// Which two values of a head a rotation turns together: number i and i + half of those rotated, or
// 2i and 2i + 1.
enum class RotaryPairs : std::uint8_t { kHalves, kNeighbours };

// How a weight matrix is kept. The floats differ in memory and traffic only: arithmetic is in
// 32-bit floats. kInt8 multiplies integers: each row of the weights is rounded to 127 steps up and
// down to its largest magnitude, each row of the activations, as it comes, to 255 steps from its
// least to its largest value; sums are exact, the rest is float.
enum class WeightFormat : std::uint8_t { kF32, kF16, kBF16, kInt8 };

// Inputs of a layer of kInt8: with more the sum of the largest products would not fit 32 bits.
inline constexpr std::int64_t kMaxInt8Features = 1 << 16;

// kSplade is the largest log(1 + max(0, x)) over the tokens, of each column.
enum class Pooling : std::uint8_t { kCls, kMean, kLastToken, kSplade };

}  // namespace embd
