#pragma once

#include <span>

namespace embd {

// Scales `row` to length 1. The sum of squares is taken in double, the scale is one float, so that
// the digits are those of TEI. A row of zeros becomes NaNs, which JSON spells null.
void NormalizeL2(std::span<float> row);

}  // namespace embd
