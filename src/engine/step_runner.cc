#include "engine/step_runner.h"

#include <algorithm>
#include <bit>
#include <exception>
#include <utility>

namespace embd {
namespace {

// Short enough that making it allocates nothing: the answer of last resort.
Error BareError() { return {.kind = ErrorKind::kBackend, .message = "Backend error"}; }

Error BackendError(const char* what) {
  return {.kind = ErrorKind::kBackend, .message = std::string("Backend error: ") + what};
}

bool AllFinite(const float* row, std::int64_t count) {
  // On the bits and without leaving early, so that the compiler makes a vector loop of it.
  constexpr std::uint32_t kExponent = 0x7F800000;
  bool finite = true;
  for (std::int64_t i = 0; i < count; ++i) {
    finite &= (std::bit_cast<std::uint32_t>(row[i]) & kExponent) != kExponent;
  }
  return finite;
}

// Copies rows [begin, end) of `from`.
Result<JobResult> CopyRows(const ConstMatrixView& from, std::int64_t begin, std::int64_t end,
                           bool must_be_finite) {
  JobResult result;
  result.rows = end - begin;
  result.cols = from.cols;
  result.values.reserve(static_cast<std::size_t>(result.rows * result.cols));
  for (std::int64_t r = begin; r < end; ++r) {
    const float* row = from.row(r);
    if (must_be_finite && !AllFinite(row, from.cols)) {
      return BackendError("the model's output is not finite");
    }
    result.values.insert(result.values.end(), row, row + from.cols);
  }
  return result;
}

}  // namespace

void Answer(Job& job, Result<JobResult> result) noexcept {
  const auto done = std::exchange(job.done, nullptr);
  try {
    if (done) done(std::move(result));
  } catch (...) {
  }
}

StepRunner::StepRunner(const Model& model, const StepRunnerOptions& options, Metrics& metrics)
    : model_(model),
      metrics_(metrics),
      patience_(options.patience),
      group_(options.most_lanes),
      activations_(model.ActivationBytes(options.limits)),
      scratch_(model.ScratchBytes(options.limits)) {
  const StepLimits& limits = options.limits;
  const auto tokens = static_cast<std::size_t>(limits.max_tokens);
  ids_.reserve(tokens);
  type_ids_.reserve(tokens);
  position_ids_.reserve(tokens);
  offsets_.reserve(static_cast<std::size_t>(limits.max_sequences) + 1);
}

bool StepRunner::Run(std::span<Job> jobs, BarrierRef pause) noexcept {
  bool ran = false;
  try {
    ran = RunOrThrow(jobs, pause);
  } catch (...) {
  }
  group_.Dismiss();
  for (Job& job : jobs) {
    if (job.done) Answer(job, BareError());
  }
  return ran;
}

bool StepRunner::RunOrThrow(std::span<Job> jobs, const BarrierRef& pause) {
  const Clock::time_point start = Clock::now();
  Pack(jobs);
  Result<Model::Outputs> outputs = RunModel(pause);
  if (outputs) {
    const Clock::time_point end = Clock::now();
    NoteDuration(end - start);
    metrics_.tokens_total.Add(ids_.size());
    AnswerAll(jobs, *outputs, start, end);
    return true;
  }
  if (jobs.size() == 1) {
    Answer(jobs.front(), std::move(outputs).error());
    return false;
  }
  bool any = false;
  for (std::size_t i = 0; i < jobs.size(); ++i) any = Run(jobs.subspan(i, 1), pause) || any;
  return any;
}

void StepRunner::Pack(std::span<const Job> jobs) {
  ids_.clear();
  type_ids_.clear();
  position_ids_.clear();
  offsets_.assign(1, 0);
  for (const Job& job : jobs) {
    ids_.insert(ids_.end(), job.ids.begin(), job.ids.end());
    type_ids_.insert(type_ids_.end(), job.type_ids.begin(), job.type_ids.end());
    for (std::uint32_t i = 0; i < job.ids.size(); ++i) position_ids_.push_back(i);
    offsets_.push_back(static_cast<std::uint32_t>(ids_.size()));
  }
}

Result<Model::Outputs> StepRunner::RunModel(const BarrierRef& pause) {
  const PackedBatch batch{
      .ids = ids_, .type_ids = type_ids_, .position_ids = position_ids_, .offsets = offsets_};
  try {
    return group_.Lead({.model = model_, .batch = batch, .activations = activations_.bytes()},
                       {.scratch = scratch_.bytes(), .pause = pause}, Patience());
  } catch (const std::exception& exception) {
    return BackendError(exception.what());
  } catch (...) {
    return BackendError("unknown exception");
  }
}

std::chrono::nanoseconds StepRunner::Patience() const {
  if (ns_per_token_ == 0) return patience_.most;
  const double eighth = ns_per_token_ * static_cast<double>(ids_.size()) / 8;
  return std::clamp(std::chrono::nanoseconds(static_cast<std::int64_t>(eighth)), patience_.least,
                    patience_.most);
}

void StepRunner::NoteDuration(Clock::duration took) {
  const double work = static_cast<double>(std::chrono::nanoseconds(took).count()) * group_.lanes();
  const double measured = work / static_cast<double>(ids_.size());
  // Several steps count, since one that was interrupted says little.
  constexpr double kWeight = 0.2;
  ns_per_token_ =
      ns_per_token_ == 0 ? measured : ns_per_token_ + kWeight * (measured - ns_per_token_);
}

void StepRunner::AnswerAll(std::span<Job> jobs, const Model::Outputs& outputs,
                           Clock::time_point start, Clock::time_point end) const {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Job& job = jobs[i];
    const auto sequence = static_cast<std::int64_t>(i);
    Result<JobResult> result = BareError();
    try {
      result = job.output == OutputKind::kPooled
                   ? CopyRows(outputs.pooled, sequence, sequence + 1, job.must_be_finite)
                   : CopyRows(outputs.tokens, offsets_[i], offsets_[i + 1], job.must_be_finite);
    } catch (...) {
      // Out of memory for this answer only.
    }
    if (result) {
      result->queue_time = start - job.submitted;
      result->inference_time = end - start;
    }
    Answer(job, std::move(result));
  }
}

bool StepRunner::Probe() noexcept {
  ids_.assign(1, 0);
  type_ids_.assign(1, 0);
  position_ids_.assign(1, 0);
  offsets_.assign({0, 1});
  try {
    return RunModel(nullptr).ok();
  } catch (...) {
    return false;
  }
}

std::size_t StepRunner::ResidentBytes(const Model& model, const StepLimits& limits) {
  const auto tokens = static_cast<std::size_t>(limits.max_tokens);
  const auto sequences = static_cast<std::size_t>(limits.max_sequences);
  return PageBuffer::ResidentBytes(model.ActivationBytes(limits)) +
         PageBuffer::ResidentBytes(model.ScratchBytes(limits)) +
         (3 * tokens + sequences + 1) * sizeof(std::uint32_t) + 2 * sequences * sizeof(Job);
}

}  // namespace embd
