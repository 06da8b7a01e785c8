#include "service/gather.h"

#include <algorithm>
#include <utility>

#include "service/normalize.h"

namespace embd {
namespace {

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void CountFailure(Metrics& metrics, FailedAt where, const Error& error) {
  switch (error.kind) {
    case ErrorKind::kCancelled:
      return metrics.failure_dropped.Add();
    case ErrorKind::kOverloaded:
      return metrics.failure_overloaded.Add();
    default:
      break;
  }
  switch (where) {
    case FailedAt::kValidation:
      return metrics.failure_validation.Add();
    case FailedAt::kBatchSize:
      return metrics.failure_batch_size.Add();
    case FailedAt::kTokenization:
      return metrics.failure_tokenization.Add();
    case FailedAt::kInference:
      return metrics.failure_inference.Add();
  }
}

Gather::Gather(Parts parts, Metrics& metrics, InFlight& in_flight)
    : in_flight_(in_flight),
      parts_(std::move(parts)),
      metrics_(metrics),
      outcomes_(inputs()),
      values_(inputs() * static_cast<std::size_t>(parts_.dimensions)),
      first_failed_(inputs()),
      remaining_(inputs()) {}

void Gather::Fail(std::size_t index, FailedAt where, Error error) noexcept {
  std::size_t first = first_failed_.load(std::memory_order_relaxed);
  while (index < first &&
         !first_failed_.compare_exchange_weak(first, index, std::memory_order_relaxed)) {
  }
  outcomes_[index].failure = Failure{.where = where, .error = std::move(error)};
  InputDone();
}

void Gather::Skip(std::size_t) noexcept { InputDone(); }

void Gather::Tokenized(std::size_t index, const EncodedInput& encoded) {
  Outcome& outcome = outcomes_[index];
  outcome.characters = encoded.characters;
  outcome.tokens = encoded.ids.size();
  outcome.tokenization = Clock::now() - parts_.start;
  metrics_.input_length.Observe(static_cast<double>(outcome.tokens));
}

void Gather::Row(std::size_t index, const JobResult& result) noexcept {
  const auto dimensions = static_cast<std::size_t>(parts_.dimensions);
  const std::span<float> row(values_.data() + index * dimensions, dimensions);
  std::copy_n(result.values.begin(), dimensions, row.begin());
  if (parts_.request.normalize) NormalizeL2(row);

  Outcome& outcome = outcomes_[index];
  outcome.queue = result.queue_time;
  outcome.inference = result.inference_time;
  metrics_.embed_success.Add();
  metrics_.embed.total.Observe(Seconds(Clock::now() - parts_.start));
  metrics_.embed.tokenization.Observe(Seconds(outcome.tokenization));
  metrics_.embed.queue.Observe(Seconds(outcome.queue));
  metrics_.embed.inference.Observe(Seconds(outcome.inference));
  InputDone();
}

void Gather::InputDone() noexcept {
  if (remaining_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Result<EmbedResponse> result = Finish();
  // Before the answer: whoever has it may send the next request at once.
  parts_.lease = Permits::Lease();
  const auto answer = std::exchange(done, nullptr);
  try {
    answer(std::move(result));
  } catch (...) {
    // It was told not to; there is nobody else to tell.
  }
}

Result<EmbedResponse> Gather::Finish() {
  for (Outcome& outcome : outcomes_) {
    if (!outcome.failure) continue;
    CountFailure(metrics_, outcome.failure->where, outcome.failure->error);
    return std::move(outcome.failure->error);
  }
  EmbedResponse response;
  response.values = std::move(values_);
  response.dimensions = parts_.dimensions;
  response.compute = Compute();
  const bool batch = parts_.request.is_batch;
  (batch ? metrics_.request_success_batch : metrics_.request_success_single).Add();
  metrics_.request.total.Observe(Seconds(Clock::now() - parts_.start));
  metrics_.request.tokenization.Observe(Seconds(response.compute.tokenization));
  metrics_.request.queue.Observe(Seconds(response.compute.queue));
  metrics_.request.inference.Observe(Seconds(response.compute.inference));
  return response;
}

ComputeInfo Gather::Compute() const {
  ComputeInfo compute;
  for (const Outcome& outcome : outcomes_) {
    compute.characters += outcome.characters;
    compute.tokens += outcome.tokens;
    compute.tokenization += outcome.tokenization;
    compute.queue += outcome.queue;
    compute.inference += outcome.inference;
  }
  const auto count = static_cast<std::int64_t>(outcomes_.size());
  compute.tokenization /= count;
  compute.queue /= count;
  compute.inference /= count;
  return compute;
}

}  // namespace embd
