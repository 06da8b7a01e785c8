#include "kernels/ref/ops.h"

namespace embd::ref {

void Rotate(const RotaryArgs& args, MatrixView x, Lane::Range rows) {
  const std::int64_t pairs = args.angles.cols / 2;
  for (std::int64_t token = rows.begin; token < rows.end; ++token) {
    const float* const angles = args.angles.row(args.position_ids[token]);
    for (std::int64_t first = 0; first < x.cols; first += args.head_size) {
      for (std::int64_t pair = 0; pair < pairs; ++pair) {
        const bool halves = args.pairs == RotaryPairs::kHalves;
        float& a = x.row(token)[first + (halves ? pair : 2 * pair)];
        float& b = x.row(token)[first + (halves ? pair + pairs : 2 * pair + 1)];
        const double cos = angles[pair];
        const double sin = angles[pairs + pair];
        const double turned = a * cos - b * sin;
        b = static_cast<float>(b * cos + a * sin);
        a = static_cast<float>(turned);
      }
    }
  }
}

}  // namespace embd::ref
