#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/page_buffer.h"
#include "base/result.h"
#include "engine/job.h"
#include "engine/lane_group.h"
#include "model/model.h"
#include "telemetry/metrics.h"

namespace embd {

// How long a step that others may join waits for them: an eighth of what it would take alone, as
// the last steps tell, within these bounds.
struct LanePatience {
  std::chrono::nanoseconds least{0};
  std::chrono::nanoseconds most{100'000};
};

struct StepRunnerOptions {
  StepLimits limits;
  int most_lanes = 1;
  LanePatience patience = {};
};

// One worker's step: lays jobs end to end, runs the model over them in memory of its own and
// answers each. Everything but the answers is allocated at construction. One thread at a time, but
// for its group, which helpers join.
class StepRunner {
 public:
  // `model` and `metrics` must outlive the runner. Throws std::bad_alloc.
  StepRunner(const Model& model, const StepRunnerOptions& options, Metrics& metrics);

  // Runs `jobs`, which must be within the limits and not empty, and calls done of each exactly
  // once. If the model throws, each job is run again by itself, so that only those that fail alone
  // fail. Returns whether the model came through for any of them. `pause` is called between the
  // model's operations. If the group is open, those who join it share the step.
  bool Run(std::span<Job> jobs, BarrierRef pause = nullptr) noexcept;

  LaneGroup& group() { return group_; }
  // Does a lane's part, with this runner's scratch, of another runner's step.
  void Help(StepRunner& leader, int seat, BarrierRef pause) noexcept {
    leader.group_.Help(seat, {.scratch = scratch_.bytes(), .pause = pause});
  }

  // Runs one token, to see whether the model works. Counts nowhere.
  bool Probe() noexcept;

  static std::size_t ResidentBytes(const Model& model, const StepLimits& limits);

 private:
  bool RunOrThrow(std::span<Job> jobs, const BarrierRef& pause);
  void Pack(std::span<const Job> jobs);
  // The last step's outputs, or why there are none.
  Result<Model::Outputs> RunModel(const BarrierRef& pause);
  std::chrono::nanoseconds Patience() const;
  void NoteDuration(Clock::duration took);
  void AnswerAll(std::span<Job> jobs, const Model::Outputs& outputs, Clock::time_point start,
                 Clock::time_point end) const;

  const Model& model_;
  Metrics& metrics_;
  const LanePatience patience_;
  double ns_per_token_ = 0;  // of one lane; 0: not known yet
  LaneGroup group_;
  // A step's activations are shared by its lanes, scratch belongs to each lane. A worker that runs
  // whole sequences of its own is the only lane of its step.
  PageBuffer activations_;
  PageBuffer scratch_;
  std::vector<std::uint32_t> ids_;
  std::vector<std::uint32_t> type_ids_;
  std::vector<std::uint32_t> position_ids_;
  std::vector<std::uint32_t> offsets_;
};

// Calls job.done and clears it. What done throws is lost: it has no one to go to.
void Answer(Job& job, Result<JobResult> result) noexcept;

}  // namespace embd
