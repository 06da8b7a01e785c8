#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "engine/cancellation.h"

namespace embd {

using Clock = std::chrono::steady_clock;

enum class OutputKind : std::uint8_t { kPooled, kTokens };

// The answer to one job.
struct JobResult {
  std::vector<float> values;  // [rows, cols]: one row for kPooled, one per token for kTokens
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Clock::duration queue_time{};      // from Submit to the start of its step
  Clock::duration inference_time{};  // of the whole step
};

// The answers to a job that is not run: nobody waits for it any more, or there is no room.
inline Error CancelledError() {
  return {.kind = ErrorKind::kCancelled, .message = "Request cancelled"};
}
// `retry_after`: until the same request is likely to be let in.
inline Error OverloadedError(std::chrono::seconds retry_after) {
  return {.kind = ErrorKind::kOverloaded,
          .message = "Model is overloaded",
          .retry_after_s = static_cast<std::uint32_t>(retry_after.count())};
}

// One tokenized input on its way through the model. Moved from the service to the scheduler.
struct Job {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> type_ids;
  OutputKind output = OutputKind::kPooled;
  // Whether rows that are not finite are an error of the job; else they are for `done` to judge.
  bool must_be_finite = true;
  // About how many tokens the whole request has that this is a part of; 0: only these.
  std::uint32_t request_tokens = 0;
  Cancellation cancellation;
  // Called exactly once, on a compute thread (or in Submit when the job is refused). Must not
  // block or throw.
  std::function<void(Result<JobResult>)> done;
  Clock::time_point submitted{};  // set by Submit
};

// Tokens of the whole request that the job is a part of, at least its own.
inline std::uint32_t RequestTokens(const Job& job) {
  return std::max(static_cast<std::uint32_t>(job.ids.size()), job.request_tokens);
}

}  // namespace embd
