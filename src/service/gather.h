#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "api/embed.h"
#include "base/result.h"
#include "engine/cancellation.h"
#include "engine/job.h"
#include "engine/permits.h"
#include "service/input_encoder.h"
#include "telemetry/metrics.h"

namespace embd {

// Where on its way a request failed, as the metrics name it.
enum class FailedAt : std::uint8_t { kValidation, kBatchSize, kTokenization, kInference };

// Counts a failed request, once.
void CountFailure(Metrics& metrics, FailedAt where, const Error& error);

// Counts things that are under way, so that their owner can wait for the last to end.
class InFlight {
 public:
  class Guard {
   public:
    explicit Guard(InFlight& all) : all_(all) {
      const std::lock_guard lock(all_.mutex_);
      ++all_.count_;
    }
    ~Guard() {
      const std::lock_guard lock(all_.mutex_);
      // Told under the lock: the owner may be gone as soon as it is let go.
      if (--all_.count_ == 0) all_.none_left_.notify_all();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    InFlight& all_;
  };

  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_left_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t count_ = 0;
};

// One request whose inputs are under way: collects their rows in order and calls `done` once, with
// the rows or with the first error in input order. Each input is told of exactly once, by Fail,
// Skip or Row, from any thread; the last of them finishes the request. Shared by the tokenizer's
// and the scheduler's callbacks, which end in any order.
class Gather {
 public:
  struct Parts {
    EmbedRequest request;
    Cancellation cancellation;
    InputOptions input_options;
    std::int64_t dimensions = 0;  // of each row of the answer
    Clock::time_point start;
    Permits::Lease lease;
  };

  // `metrics` and `in_flight` must outlive the gather.
  Gather(Parts parts, Metrics& metrics, InFlight& in_flight);

  // Set before the first input is told of. Must not block.
  std::function<void(Result<EmbedResponse>)> done;

  const Cancellation& cancellation() const { return parts_.cancellation; }
  const InputOptions& input_options() const { return parts_.input_options; }
  std::size_t inputs() const { return parts_.request.inputs.size(); }
  Input TakeInput(std::size_t index) { return std::move(parts_.request.inputs[index]); }

  // Whether an input before this one has failed, so that this one's result cannot matter.
  bool Needless(std::size_t index) const {
    return first_failed_.load(std::memory_order_relaxed) < index;
  }

  void Fail(std::size_t index, FailedAt where, Error error) noexcept;
  void Skip(std::size_t index) noexcept;
  // The input is tokenized and on its way to the model.
  void Tokenized(std::size_t index, const EncodedInput& encoded);
  // The model's row, of which the first `dimensions` are kept.
  void Row(std::size_t index, const JobResult& result) noexcept;

 private:
  struct Failure {
    FailedAt where = FailedAt::kValidation;
    Error error;
  };
  // Written by the one thread that has the input, read by the last.
  struct Outcome {
    std::optional<Failure> failure;
    std::uint64_t characters = 0;
    std::uint64_t tokens = 0;
    Clock::duration tokenization{};
    Clock::duration queue{};
    Clock::duration inference{};
  };

  void InputDone() noexcept;
  Result<EmbedResponse> Finish();
  ComputeInfo Compute() const;

  const InFlight::Guard in_flight_;  // first, so that it ends last
  Parts parts_;
  Metrics& metrics_;
  std::vector<Outcome> outcomes_;
  std::vector<float> values_;  // [inputs, dimensions]
  std::atomic<std::size_t> first_failed_;
  std::atomic<std::size_t> remaining_;
};

}  // namespace embd
