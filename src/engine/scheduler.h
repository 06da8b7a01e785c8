#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/cpu_topology.h"
#include "base/result.h"
#include "engine/batch_policy.h"
#include "engine/job.h"
#include "engine/step_runner.h"
#include "model/model.h"
#include "telemetry/metrics.h"

namespace embd {

struct SchedulerOptions {
  int workers = 1;  // compute threads, each with its own arena
  StepLimits step;  // the largest step of one worker, from which its memory is sized
  // Of a step of several jobs that one worker runs alone; 0: as many as the largest step has.
  std::int64_t step_tokens = 0;
  // Requests of at most so many tokens are put in between the operations of a step under way when
  // all workers are busy. 0: none are.
  std::int64_t short_tokens = 0;
  // Workers that may share one step when there are fewer jobs than workers.
  int most_lanes = 1;
  LanePatience lane_patience = {};
  // How long a worker that has run out of work looks for more before it sleeps: to be woken takes
  // some 50 us.
  std::chrono::microseconds look_around{0};
  // Where worker i runs; empty: where the system puts it. Only workers of one node share steps.
  std::vector<CpuPlace> places = {};
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
// runs it, alone or with others as its lanes, and answers its jobs. Between two operations of a
// step a thread may run a short job that would otherwise wait for a thread to be free. A step that
// throws is repeated one job at a time, so that only the job that caused it fails; a job whose
// output is not finite fails alone. After a step in which nothing came through, a one-token step of
// the scheduler's own tells, at once and then every probe_every, whether it was the input or the
// model. Never throws after construction.
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

  // Derives stall_after from the longest step so far and the longest text that may come, to be
  // called after a warm-up. Returns it.
  std::chrono::milliseconds DeriveStallAfter();

  // Floats in one pooled row.
  std::int64_t output_size() const;

  // Bytes that a scheduler with these options keeps resident, for the memory plan: steps, the
  // queue, and the row that each worker is about to give out. Asks the model for its sizes only.
  static std::size_t ResidentBytes(const Model& model, const SchedulerOptions& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd
