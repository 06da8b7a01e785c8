#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "engine/batch_policy.h"
#include "engine/job.h"
#include "model/model.h"
#include "telemetry/metrics.h"

namespace embd {

struct SchedulerOptions {
  int workers = 1;  // compute threads, each with its own arena
  StepLimits step;  // the largest step of one worker
  std::size_t queue_capacity = 0;
  // A step that runs longer than this makes the server unhealthy until it ends.
  std::chrono::milliseconds stall_after{10'000};
  // How often a failed model is tried again while no job does it.
  std::chrono::milliseconds probe_every{1'000};
};

// Whether the scheduler makes progress, and what it last did. Read without waiting for anything.
struct EngineHealth {
  bool healthy = true;
  const char* reason = "";  // a constant, empty when healthy
};

// Owns the queue and the compute threads. Each thread takes the next batch that the policy chooses,
// runs it and answers its jobs. A step that throws is repeated one job at a time, so that only the
// job that caused it fails; a job whose output is not finite fails alone. After a step in which
// nothing came through, a one-token step of the scheduler's own tells, at once and then every
// probe_every, whether it was the input or the model. Never throws after construction.
class Scheduler {
 public:
  // `model` and `metrics` must outlive the scheduler. Allocates all memory of all steps and starts
  // the threads. Throws std::bad_alloc or std::system_error.
  Scheduler(const Model& model, const SchedulerOptions& options, Metrics& metrics);
  // Answers what is queued with kCancelled, waits for running steps, joins.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Queues the job; refuses it through done(kOverloaded) when the queue is full, and
  // done(kValidation) when it is empty or longer than the largest step. Safe from any thread.
  void Submit(Job job);

  EngineHealth Health() const;

  // Floats in one pooled row.
  std::int64_t output_size() const;

  // Bytes that a scheduler with these options keeps resident, for the memory plan: steps, the
  // queue, and one row for each job that may be queued. Asks the model for its sizes only.
  static std::size_t ResidentBytes(const Model& model, const SchedulerOptions& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd
