#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace embd {

// A step as it was measured, and orders by its time; in one word, so that it can be atomic.
class MeasuredStep {
 public:
  MeasuredStep() = default;
  MeasuredStep(std::chrono::nanoseconds took, std::uint64_t tokens)
      : word_(static_cast<std::uint64_t>(took.count() >> kTimeShift) << kTokenBits |
              std::min(tokens, kMostTokens)) {}

  bool operator<(const MeasuredStep& other) const { return word_ < other.word_; }
  std::chrono::nanoseconds took() const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(word_ >> kTokenBits) << kTimeShift);
  }
  std::uint64_t tokens() const { return word_ & kMostTokens; }

 private:
  static constexpr int kTimeShift = 10;  // microseconds, nearly: enough for 12 days
  static constexpr int kTokenBits = 24;
  static constexpr std::uint64_t kMostTokens = (std::uint64_t{1} << kTokenBits) - 1;

  std::uint64_t word_ = 0;
};

// How long a step may take before the server calls itself unhealthy: many times the longest that
// was measured, since a core may be shared; some times what the longest text is to take, of which
// attention takes more than its tokens tell; and never so short that a pause of the whole machine
// is taken for a stall.
inline std::chrono::milliseconds StallAfter(const MeasuredStep& longest,
                                            std::uint64_t longest_text) {
  constexpr std::uint64_t kFactor = 50;
  constexpr std::uint64_t kTextFactor = 10;
  constexpr std::chrono::milliseconds kLeast{2'000};
  const std::uint64_t tokens = std::max<std::uint64_t>(longest.tokens(), 1);
  const std::uint64_t factor = std::max(kFactor, kTextFactor * longest_text / tokens);
  return std::max(kLeast, std::chrono::duration_cast<std::chrono::milliseconds>(
                              static_cast<std::int64_t>(factor) * longest.took()));
}

}  // namespace embd
