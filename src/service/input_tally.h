#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "service/failure.h"

namespace embd {

// The inputs of one request, which end in any order and on any threads: keeps the first failure in
// input order and knows which input is the last to end.
class InputTally {
 public:
  explicit InputTally(std::size_t inputs)
      : failures_(inputs), first_failed_(inputs), remaining_(inputs) {}

  std::size_t inputs() const { return failures_.size(); }

  // Whether an input before this one has failed, so that this one's result cannot matter.
  bool Needless(std::size_t input) const {
    return first_failed_.load(std::memory_order_relaxed) < input;
  }

  // Each input ends once, by either of these. They return whether it was the last one; what the
  // others have written is then visible to the caller.
  bool End() noexcept { return remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  bool EndFailed(std::size_t input, Failure failure) noexcept {
    std::size_t first = first_failed_.load(std::memory_order_relaxed);
    while (input < first &&
           !first_failed_.compare_exchange_weak(first, input, std::memory_order_relaxed)) {
    }
    failures_[input] = std::move(failure);
    return End();
  }

  // After the last has ended: the failure that counts, or null.
  Failure* first_failure() {
    for (std::optional<Failure>& failure : failures_) {
      if (failure) return &*failure;
    }
    return nullptr;
  }

 private:
  std::vector<std::optional<Failure>> failures_;  // each written by whoever has the input
  std::atomic<std::size_t> first_failed_;
  std::atomic<std::size_t> remaining_;
};

}  // namespace embd
