#pragma once

#include <algorithm>
#include <chrono>

namespace embd {

// How long a step may take before the server calls itself unhealthy: many times the longest that
// was measured, since a core may be shared and a longer text may come, and never so short that a
// pause of the whole machine is taken for a stall.
inline std::chrono::milliseconds StallAfter(std::chrono::nanoseconds longest_step) {
  constexpr int kFactor = 50;
  constexpr std::chrono::milliseconds kLeast{2'000};
  const auto many = std::chrono::duration_cast<std::chrono::milliseconds>(kFactor * longest_step);
  return std::max(kLeast, many);
}

}  // namespace embd
