#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/input.h"
#include "api/server_info.h"
#include "base/result.h"
#include "engine/job.h"
#include "service/answer_budget.h"
#include "service/failure.h"
#include "telemetry/metrics.h"

namespace embd {

// What one kind of request makes of the model's rows: all that is its own. Everything else, from
// permits to counting, is Gather's.
class Operation {
 public:
  virtual ~Operation() = default;

  // The request is let in: the place for its answer is made. May refuse it.
  virtual Result<void> Start(std::size_t /*inputs*/) { return {}; }
  // Takes the rows of one input, on a compute thread, those of different inputs at the same time.
  // An error fails the input. May throw std::bad_alloc.
  virtual Result<void> Take(std::size_t input, JobResult rows) = 0;
  // The last call, made exactly once: what the request cost, or why it failed. Answers it.
  virtual void Finish(Result<ComputeInfo> outcome) = 0;
};

template <typename Response>
class OperationFor : public Operation {
 public:
  using Done = std::function<void(Result<Response>)>;

  OperationFor(AnswerBudget& answers, Done done) : held_(answers), done_(std::move(done)) {}

  void Finish(Result<ComputeInfo> outcome) final {
    Result<Response> response = Error{.kind = ErrorKind::kBackend, .message = "Backend error"};
    if (outcome) {
      try {
        response = Make();
        response->compute = *outcome;
      } catch (const std::bad_alloc&) {
      }
    } else {
      response = std::move(outcome).error();
    }
    // Before the answer: whoever has it may send the next request at once.
    held_.GiveBack();
    std::exchange(done_, nullptr)(std::move(response));
  }

 protected:
  // Of the rows that were taken, of every input. May throw std::bad_alloc.
  virtual Response Make() = 0;

  // What the answer holds of the budget.
  AnswerBudget::Lease& held() { return held_; }

 private:
  AnswerBudget::Lease held_;
  Done done_;
};

// What operations know of the model and of the server.
struct ModelFacts {
  const ServerInfo& info;
  std::int64_t output_size = 0;  // floats of a pooled row
  AnswerBudget& answers;

  bool is_splade() const { return TextUseOf(info) == TextUse::kEmbedSparse; }
};

// A request that runs the model, of whatever kind.
struct InferenceRequest {
  std::vector<Input> inputs;
  std::size_t inputs_beyond = 0;
  std::optional<std::string> query;  // makes a pair of each input, which is a text, and goes first
  bool is_batch = false;
  std::optional<bool> truncate;
  std::optional<std::uint32_t> max_tokens;  // InputOptions::max_tokens
  TruncationSide truncation_side = TruncationSide::kRight;
  std::optional<std::string> prompt_name;
  OutputKind output = OutputKind::kPooled;
  bool must_be_finite = true;  // Job::must_be_finite
  InputSeries Metrics::*series = &Metrics::embed;

  // What is wrong with the request, told at the point of its way where TEI finds it.
  std::optional<Failure> failure_at_once;         // before its size is looked at
  std::optional<Failure> failure_once_admitted;   // when it has its permits
  std::optional<Failure> failure_once_tokenized;  // of each input, if its own checks passed

  std::unique_ptr<Operation> operation;
};

// Moves over what all requests with inputs have in common.
template <typename Request>
void TakeInputs(Request& request, InferenceRequest& model) {
  model.inputs = std::move(request.inputs);
  model.inputs_beyond = request.inputs_beyond;
  model.is_batch = request.is_batch;
  model.truncate = request.truncate;
  model.truncation_side = request.truncation_side;
}

// An operation that the model does not support.
inline Failure Unsupported(Error error) {
  return {.where = FailedAt::kModelType, .error = std::move(error)};
}

}  // namespace embd
