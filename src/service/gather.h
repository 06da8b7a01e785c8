#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "api/input.h"
#include "engine/cancellation.h"
#include "engine/permits.h"
#include "engine/scheduler.h"
#include "service/in_flight.h"
#include "service/input_encoder.h"
#include "service/input_queue.h"
#include "service/input_tally.h"
#include "service/operation.h"
#include "telemetry/metrics.h"

namespace embd {

// One request that has been let in, until it is answered: tokenizes its inputs, gives them to the
// model and the model's rows to its operation, times and counts, and finishes the operation with
// the first error in input order or with what the request cost. Shared by the callbacks of the
// tokenizer threads and of the scheduler, which end in any order.
class Gather final : public InputWork, public std::enable_shared_from_this<Gather> {
 public:
  // Must outlive the gather.
  struct Surroundings {
    Scheduler& scheduler;
    Metrics& metrics;
    InFlight& in_flight;
  };
  // What the request got when it was let in.
  struct Admission {
    Cancellation cancellation;
    InputOptions input_options;
    Clock::time_point start;
    Permits::Lease lease;
  };

  // Takes `request` only if nothing is thrown (std::bad_alloc).
  Gather(InferenceRequest&& request, Admission admission, const Surroundings& around);

  std::size_t inputs() const { return tally_.inputs(); }

  void Process(std::size_t input, InputEncoder& encoder) noexcept override;
  void Drop(std::size_t input) noexcept override;

 private:
  // Written by the one thread that has the input, read by the last.
  struct Cost {
    std::uint64_t characters = 0;
    std::uint64_t tokens = 0;
    Clock::duration tokenization{};
    Clock::duration queue{};
    Clock::duration inference{};
  };

  Input TakeInput(std::size_t input);
  void EncodeAndSubmit(std::size_t input, InputEncoder& encoder);
  void NoteTokens(std::size_t input, const EncodedInput& encoded);
  void TakeRows(std::size_t input, JobResult rows) noexcept;
  void CountInput(const Cost& cost);
  void Fail(std::size_t input, FailedAt where, Error error) noexcept;
  void Finish() noexcept;
  Result<ComputeInfo> Outcome();
  ComputeInfo Compute() const;

  const InFlight::Guard in_flight_;  // first, so that it ends last
  Scheduler& scheduler_;
  Metrics& metrics_;
  InputTally tally_;
  std::vector<Cost> costs_;
  Admission admission_;
  InferenceRequest request_;  // last: nothing throws once it is taken
};

}  // namespace embd
