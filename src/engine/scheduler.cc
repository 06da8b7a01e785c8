#include "engine/scheduler.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/system.h"
#include "engine/job_queue.h"
#include "engine/progress.h"
#include "engine/step_runner.h"

namespace embd {
namespace {

// What a worker does next.
enum class Next : std::uint8_t { kStep, kProbe, kStop };

// One compute thread's own things.
struct Worker {
  Worker(const Model& model, const SchedulerOptions& options, Metrics& metrics)
      : runner(model, options.step, metrics) {
    const auto sequences = static_cast<std::size_t>(options.step.max_sequences);
    choice.take.reserve(std::max<std::size_t>(sequences, 1));
    choice.drop.reserve(options.queue_capacity);
    jobs.reserve(std::max<std::size_t>(sequences, 1));
    dropped.reserve(options.queue_capacity);
  }

  StepRunner runner;
  BatchChoice choice;
  std::vector<Job> jobs;     // of the next step
  std::vector<Job> dropped;  // cancelled while they waited
};

}  // namespace

struct Scheduler::Impl {
  Impl(const Model& model_in, const SchedulerOptions& options_in, Metrics& metrics_in);
  ~Impl() { Stop(); }

  void Stop();
  void Loop(std::size_t index) noexcept;
  Next Wait(Worker& worker);
  void TakeStep(Worker& worker);
  void RunStep(std::size_t index);
  void RunProbe(std::size_t index);
  void StepEnded(bool came_through);
  const char* Refusal(const Job& job) const;

  const Model& model;
  const SchedulerOptions options;
  Metrics& metrics;
  const BatchLimits limits;

  std::mutex mutex;
  std::condition_variable wake;
  // Guarded by `mutex`.
  JobQueue queue;
  int idle = 0;  // workers that wait
  bool stopping = false;
  Clock::time_point probe_at{};  // while `failed`: when the model is to be tried again

  // Read by Health without the lock.
  Progress progress;
  std::atomic<bool> failed{false};  // nothing came through in the last step

  std::vector<Worker> workers;
  std::vector<std::jthread> threads;
};

Scheduler::Impl::Impl(const Model& model_in, const SchedulerOptions& options_in,
                      Metrics& metrics_in)
    : model(model_in),
      options(options_in),
      metrics(metrics_in),
      limits{.max_tokens = static_cast<std::uint32_t>(options_in.step.max_tokens),
             .max_sequences = static_cast<std::uint32_t>(options_in.step.max_sequences)},
      queue(options_in.queue_capacity),
      progress(static_cast<std::size_t>(options_in.workers)) {
  const auto count = static_cast<std::size_t>(options.workers);
  workers.reserve(count);
  threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i) workers.emplace_back(model, options, metrics);
  try {
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this, i] { Loop(i); });
  } catch (...) {
    Stop();
    throw;
  }
}

void Scheduler::Impl::Stop() {
  std::vector<Job> waiting;
  {
    const std::lock_guard lock(mutex);
    stopping = true;
    BatchChoice all;
    for (std::size_t i = 0; i < queue.size(); ++i) all.drop.push_back(i);
    queue.Take(all, waiting, waiting);
    metrics.queue_size.Set(0);
  }
  wake.notify_all();
  for (Job& job : waiting) Answer(job, CancelledError());
  threads.clear();
}

void Scheduler::Impl::Loop(std::size_t index) noexcept {
  SetThreadName("embd-compute");
  try {
    for (;;) {
      const Next next = Wait(workers[index]);
      if (next == Next::kStop) return;
      progress.Begin(index, Clock::now());
      if (next == Next::kStep) RunStep(index);
      if (next == Next::kProbe) RunProbe(index);
      progress.End(index);
    }
  } catch (...) {
    // Only the operating system's failing at locks and waits comes here. The others work on, and
    // Health tells.
    progress.Lost(index);
  }
}

Next Scheduler::Impl::Wait(Worker& worker) {
  std::unique_lock lock(mutex);
  for (;;) {
    if (stopping) return Next::kStop;
    const bool broken = failed.load(std::memory_order_relaxed);
    // Before the queue's turn: the answer is worth more than one token's time.
    if (broken && Clock::now() >= probe_at) {
      probe_at = Clock::now() + options.probe_every;
      return Next::kProbe;
    }
    if (!queue.empty()) {
      TakeStep(worker);
      return Next::kStep;
    }
    ++idle;
    if (broken) {
      wake.wait_until(lock, probe_at);
    } else {
      wake.wait(lock);
    }
    --idle;
  }
}

void Scheduler::Impl::TakeStep(Worker& worker) {
  ChooseBatch(queue.View(), limits, idle, worker.choice);
  queue.Take(worker.choice, worker.jobs, worker.dropped);
  metrics.queue_size.Set(static_cast<double>(queue.size()));
}

void Scheduler::Impl::RunStep(std::size_t index) {
  Worker& worker = workers[index];
  if (!worker.jobs.empty()) {
    std::size_t tokens = 0;
    for (const Job& job : worker.jobs) tokens += job.ids.size();
    metrics.batch_next_size.Observe(static_cast<double>(worker.jobs.size()));
    metrics.batch_next_tokens.Observe(static_cast<double>(tokens));
    StepEnded(worker.runner.Run(worker.jobs));
    worker.jobs.clear();
  }
  metrics.cancelled_total.Add(worker.dropped.size());
  for (Job& job : worker.dropped) Answer(job, CancelledError());
  worker.dropped.clear();
}

void Scheduler::Impl::RunProbe(std::size_t index) {
  if (workers[index].runner.Probe()) StepEnded(true);
}

void Scheduler::Impl::StepEnded(bool came_through) {
  if (came_through) {
    failed.store(false, std::memory_order_relaxed);
    return;
  }
  {
    const std::lock_guard lock(mutex);
    if (failed.load(std::memory_order_relaxed)) return;
    failed.store(true, std::memory_order_relaxed);
    probe_at = Clock::now();
  }
  // A waiting worker must not sleep through the probes.
  wake.notify_all();
}

const char* Scheduler::Impl::Refusal(const Job& job) const {
  const auto tokens = static_cast<std::int64_t>(job.ids.size());
  if (tokens == 0) return "Input validation error: `inputs` cannot be empty";
  if (tokens > options.step.max_tokens || tokens > options.step.max_sequence_tokens) {
    return "Input validation error: `inputs` is longer than the largest step";
  }
  if (job.type_ids.size() != job.ids.size()) {
    return "Input validation error: not as many type ids as ids";
  }
  return nullptr;
}

Scheduler::Scheduler(const Model& model, const SchedulerOptions& options, Metrics& metrics)
    : impl_(std::make_unique<Impl>(model, options, metrics)) {}

Scheduler::~Scheduler() = default;

void Scheduler::Submit(Job job) {
  if (const char* refusal = impl_->Refusal(job)) {
    Answer(job, Error{.kind = ErrorKind::kValidation, .message = refusal});
    return;
  }
  job.submitted = Clock::now();
  bool queued = false;
  bool stopping = false;
  {
    const std::lock_guard lock(impl_->mutex);
    stopping = impl_->stopping;
    queued = !stopping && impl_->queue.TryPush(job);
    if (queued) impl_->metrics.queue_size.Set(static_cast<double>(impl_->queue.size()));
  }
  if (queued) {
    impl_->wake.notify_one();
  } else {
    Answer(job, stopping ? CancelledError() : OverloadedError());
  }
}

EngineHealth Scheduler::Health() const {
  if (impl_->progress.AnyLost()) return {.healthy = false, .reason = "a compute thread ended"};
  if (impl_->progress.AnyBusyFor(impl_->options.stall_after, Clock::now())) {
    return {.healthy = false, .reason = "a step does not end"};
  }
  if (impl_->failed.load(std::memory_order_relaxed)) {
    return {.healthy = false, .reason = "the model failed"};
  }
  return {};
}

std::int64_t Scheduler::output_size() const { return impl_->model.output_size(); }

std::size_t Scheduler::ResidentBytes(const Model& model, const SchedulerOptions& options) {
  const std::size_t row = static_cast<std::size_t>(model.output_size()) * sizeof(float);
  const std::size_t lists = options.queue_capacity * (sizeof(Job) + sizeof(std::size_t));
  // What is touched of a thread's stack, not what is reserved.
  constexpr std::size_t kStack = std::size_t{64} << 10U;
  return static_cast<std::size_t>(options.workers) *
             (StepRunner::ResidentBytes(model, options.step) + lists + kStack) +
         JobQueue::ResidentBytes(options.queue_capacity) + options.queue_capacity * row;
}

}  // namespace embd
