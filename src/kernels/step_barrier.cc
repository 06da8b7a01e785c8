#include "kernels/step_barrier.h"

#include <algorithm>
#include <chrono>

#include "kernels/cpu/isa/relax.h"

namespace embd {
namespace {

// The least is worth a try even if it never helps; the most is longer than lanes differ when each
// has a core to itself.
constexpr int kLeastPatienceUs = 2;
constexpr int kMostPatienceUs = 100;
constexpr int kLooksBetweenClocks = 16;

}  // namespace

void StepBarrier::arrive_and_wait() {
  // Nobody can leave this phase before this thread arrives, so it is still the current one.
  const std::uint32_t phase = phase_.load(std::memory_order_relaxed);
  if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    missing_.store(threads_, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    phase_.notify_all();
    return;
  }
  const int patience = patience_us_.load(std::memory_order_relaxed);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(patience);
  do {
    for (int look = 0; look < kLooksBetweenClocks; ++look) {
      if (phase_.load(std::memory_order_acquire) != phase) {
        patience_us_.store(std::min(2 * patience, kMostPatienceUs), std::memory_order_relaxed);
        return;
      }
      cpu::Relax();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  patience_us_.store(std::max(patience / 2, kLeastPatienceUs), std::memory_order_relaxed);
  phase_.wait(phase, std::memory_order_acquire);
}

}  // namespace embd
