#include "service/normalize.h"

#include <cmath>

namespace embd {

void NormalizeL2(std::span<float> row) {
  double sum = 0;
  for (const float value : row) sum += static_cast<double>(value) * static_cast<double>(value);
  const auto scale = static_cast<float>(1.0 / std::sqrt(sum));
  for (float& value : row) value *= scale;
}

}  // namespace embd
