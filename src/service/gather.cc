#include "service/gather.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace embd {
namespace {

// Larger requests are not told apart.
constexpr std::size_t kMostRequestTokens = std::size_t{1} << 30U;

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Gather::Gather(InferenceRequest&& request, Admission admission, const Surroundings& around)
    : in_flight_(around.in_flight),
      scheduler_(around.scheduler),
      metrics_(around.metrics),
      tally_(request.inputs.size()),
      costs_(request.inputs.size()),
      admission_(std::move(admission)),
      request_(std::move(request)) {}

void Gather::Process(std::size_t input, InputEncoder& encoder) noexcept {
  if (admission_.cancellation.cancelled()) {
    metrics_.cancelled_total.Add();
    return Fail(input, FailedAt::kTokenization, CancelledError());
  }
  if (tally_.Needless(input)) {
    if (tally_.End()) Finish();
    return;
  }
  try {
    EncodeAndSubmit(input, encoder);
  } catch (const std::exception& exception) {
    Fail(input, FailedAt::kTokenization,
         {.kind = ErrorKind::kTokenizer,
          .message = std::string("tokenizer error ") + exception.what()});
  }
}

void Gather::Drop(std::size_t input) noexcept {
  Fail(input, FailedAt::kTokenization, CancelledError());
}

Input Gather::TakeInput(std::size_t input) {
  Input& given = request_.inputs[input];
  if (!request_.query) return std::move(given);
  return TextPair{.first = *request_.query, .second = std::move(std::get<std::string>(given))};
}

void Gather::EncodeAndSubmit(std::size_t input, InputEncoder& encoder) {
  Result<EncodedInput> encoded = encoder.Encode(TakeInput(input), admission_.input_options);
  if (!encoded) return Fail(input, FailedAt::kTokenization, std::move(encoded).error());
  NoteTokens(input, *encoded);
  if (request_.failure_once_tokenized) {
    const Failure& failure = *request_.failure_once_tokenized;
    return Fail(input, failure.where, failure.error);
  }
  Job job;
  job.ids = std::move(encoded->ids);
  job.type_ids = std::move(encoded->type_ids);
  job.output = request_.output;
  job.must_be_finite = request_.must_be_finite;
  job.request_tokens = static_cast<std::uint32_t>(
      std::min<std::size_t>(inputs() * job.ids.size(), kMostRequestTokens));
  job.cancellation = admission_.cancellation;
  job.done = [self = shared_from_this(), input](Result<JobResult> rows) {
    if (rows) {
      self->TakeRows(input, *std::move(rows));
    } else {
      self->Fail(input, FailedAt::kInference, std::move(rows).error());
    }
  };
  scheduler_.Submit(std::move(job));
}

void Gather::NoteTokens(std::size_t input, const EncodedInput& encoded) {
  Cost& cost = costs_[input];
  cost.characters = encoded.characters;
  cost.tokens = encoded.ids.size();
  cost.tokenization = Clock::now() - admission_.start;
  metrics_.input_length.Observe(static_cast<double>(cost.tokens));
}

void Gather::TakeRows(std::size_t input, JobResult rows) noexcept {
  Cost& cost = costs_[input];
  cost.queue = rows.queue_time;
  cost.inference = rows.inference_time;
  Result<void> taken;
  try {
    taken = request_.operation->Take(input, std::move(rows));
  } catch (...) {
    // Short enough that it allocates nothing.
    taken = Error{.kind = ErrorKind::kBackend, .message = "Backend error"};
  }
  if (!taken) return Fail(input, FailedAt::kInference, std::move(taken).error());
  CountInput(cost);
  if (tally_.End()) Finish();
}

void Gather::CountInput(const Cost& cost) {
  InputSeries& series = metrics_.*request_.series;
  series.success.Add();
  series.duration.total.Observe(Seconds(Clock::now() - admission_.start));
  series.duration.tokenization.Observe(Seconds(cost.tokenization));
  series.duration.queue.Observe(Seconds(cost.queue));
  series.duration.inference.Observe(Seconds(cost.inference));
}

void Gather::Fail(std::size_t input, FailedAt where, Error error) noexcept {
  if (tally_.EndFailed(input, {.where = where, .error = std::move(error)})) Finish();
}

void Gather::Finish() noexcept {
  Result<ComputeInfo> outcome = Outcome();
  // Before the answer: whoever has it may send the next request at once.
  admission_.lease = Permits::Lease();
  try {
    request_.operation->Finish(std::move(outcome));
  } catch (...) {
    // The callback was told not to throw; there is nobody else to tell.
  }
}

Result<ComputeInfo> Gather::Outcome() {
  if (Failure* failure = tally_.first_failure()) {
    CountFailure(metrics_, *failure, inputs());
    return std::move(failure->error);
  }
  const ComputeInfo compute = Compute();
  (request_.is_batch ? metrics_.request_success_batch : metrics_.request_success_single).Add();
  metrics_.request.total.Observe(Seconds(Clock::now() - admission_.start));
  metrics_.request.tokenization.Observe(Seconds(compute.tokenization));
  metrics_.request.queue.Observe(Seconds(compute.queue));
  metrics_.request.inference.Observe(Seconds(compute.inference));
  return compute;
}

ComputeInfo Gather::Compute() const {
  ComputeInfo compute;
  for (const Cost& cost : costs_) {
    compute.characters += cost.characters;
    compute.tokens += cost.tokens;
    compute.tokenization += cost.tokenization;
    compute.queue += cost.queue;
    compute.inference += cost.inference;
  }
  const auto count = static_cast<std::int64_t>(costs_.size());
  compute.tokenization /= count;
  compute.queue /= count;
  compute.inference /= count;
  return compute;
}

}  // namespace embd
