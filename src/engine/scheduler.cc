#include "engine/scheduler.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/system.h"
#include "engine/job_queue.h"
#include "engine/progress.h"
#include "engine/stall_limit.h"
#include "engine/step_runner.h"
#include "kernels/cpu/isa/relax.h"

namespace embd {
namespace {

// What a worker does next.
enum class Next : std::uint8_t { kStep, kHelp, kProbe, kStop };

// Jobs on their way from the queue through a step.
struct ChosenJobs {
  explicit ChosenJobs(const SchedulerOptions& options) {
    const auto sequences = static_cast<std::size_t>(options.step.max_sequences);
    choice.take.reserve(std::max<std::size_t>(sequences, 1));
    choice.drop.reserve(options.queue_capacity);
    choice.candidates.reserve(options.queue_capacity);
    jobs.reserve(std::max<std::size_t>(sequences, 1));
    dropped.reserve(options.queue_capacity);
  }

  BatchChoice choice;
  std::vector<Job> jobs;     // of the next step, and
  std::uint64_t tokens = 0;  // all of theirs
  std::vector<Job> dropped;  // cancelled while they waited
};

StepLimits LoanLimits(const SchedulerOptions& options) {
  StepLimits limits = options.step;
  limits.max_tokens = std::min(limits.max_tokens, options.short_tokens);
  limits.max_sequences = std::min(limits.max_sequences, limits.max_tokens);
  limits.max_sequence_tokens = std::min(limits.max_sequence_tokens, limits.max_tokens);
  return limits;
}

BatchLimits PolicyLimits(const SchedulerOptions& options) {
  const auto largest = static_cast<std::uint32_t>(options.step.max_tokens);
  const auto wanted = static_cast<std::uint32_t>(options.step_tokens);
  return {.max_tokens = wanted == 0 ? largest : std::min(wanted, largest),
          .max_sequences = static_cast<std::uint32_t>(options.step.max_sequences),
          .short_tokens = static_cast<std::uint32_t>(LoanLimits(options).max_tokens),
          .max_shared_tokens = largest,
          .max_lanes = std::min(options.most_lanes, options.workers)};
}

// One compute thread's own things.
struct Worker {
  Worker(const Model& model, const SchedulerOptions& options, std::size_t index, Metrics& metrics)
      : runner(model,
               {.limits = options.step,
                .most_lanes = PolicyLimits(options).max_lanes,
                .patience = options.lane_patience},
               metrics),
        step(options),
        loan(options),
        node(options.places.empty() ? 0 : options.places[index % options.places.size()].node) {
    if (options.short_tokens > 0) {
      loan_runner.emplace(model, StepRunnerOptions{.limits = LoanLimits(options)}, metrics);
    }
  }

  StepRunner runner;
  ChosenJobs step;
  // A short step in the middle of another.
  std::optional<StepRunner> loan_runner;
  ChosenJobs loan;
  // Tokens that may still be lent to others during the step under way. Guarded by the scheduler's
  // mutex; its own thread, the only one to change it, looks without.
  std::int64_t lendable = 0;
  const int node;

  bool idle = false;         // guarded by the scheduler's mutex
  Worker* leader = nullptr;  // whose step to help with, and as which lane
  int seat = 0;
};

}  // namespace

struct Scheduler::Impl {
  Impl(const Model& model_in, const SchedulerOptions& options_in, Metrics& metrics_in);
  ~Impl() { Stop(); }

  void Stop();
  void Loop(std::size_t index) noexcept;
  Next Wait(std::size_t index);
  void WaitForChange(std::unique_lock<std::mutex>& lock, Clock::time_point look_until);
  void TakeStep(Worker& worker);
  bool JoinStep(Worker& worker);
  int IdleNear(const Worker& worker) const;
  enum class Of : std::uint8_t { kStep, kLoan };
  void TakeChosen(ChosenJobs& chosen, Of of);
  std::int64_t Lendable(const ChosenJobs& step) const;
  void RunStep(std::size_t index);
  bool RunJobs(ChosenJobs& chosen, StepRunner& runner, const BarrierRef& pause);
  void RunHelp(std::size_t index);
  void RunProbe(std::size_t index);
  void RunLoan(std::size_t index);
  void StepEnded(bool came_through);
  void Changed();
  const char* Refusal(const Job& job) const;

  // Called between the operations of a worker's step.
  struct Pause {
    Impl* impl;
    std::size_t index;
    void arrive_and_wait() {
      if (impl->loan_wanted.load(std::memory_order_relaxed) && impl->workers[index].lendable > 0) {
        impl->RunLoan(index);
      }
    }
  };

  const Model& model;
  const SchedulerOptions options;
  Metrics& metrics;
  const BatchLimits limits;

  std::mutex mutex;
  std::condition_variable wake;
  // Guarded by `mutex`.
  JobQueue queue;
  TurnAccount turns;
  int idle = 0;  // workers that wait
  bool stopping = false;
  Clock::time_point probe_at{};  // while `failed`: when the model is to be tried again

  // Written under the lock, looked at without it.
  std::atomic<std::uint32_t> changes{0};  // of what workers wait for
  std::atomic<bool> loan_wanted{false};   // a short job waits and no worker is free

  // Read by Health without the lock.
  Progress progress;
  std::atomic<bool> failed{false};  // nothing came through in the last step
  std::atomic<Clock::duration> stall_after;
  std::atomic<MeasuredStep> longest_step{};

  std::deque<Worker> workers;
  std::vector<std::jthread> threads;
};

Scheduler::Impl::Impl(const Model& model_in, const SchedulerOptions& options_in,
                      Metrics& metrics_in)
    : model(model_in),
      options(options_in),
      metrics(metrics_in),
      limits(PolicyLimits(options_in)),
      queue(options_in.queue_capacity, limits),
      turns(limits.max_tokens),
      progress(static_cast<std::size_t>(options_in.workers)),
      stall_after(options_in.stall_after) {
  const auto count = static_cast<std::size_t>(options.workers);
  threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i) workers.emplace_back(model, options, i, metrics);
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
    Changed();
    changes.fetch_add(1, std::memory_order_release);
  }
  wake.notify_all();
  for (Job& job : waiting) Answer(job, CancelledError());
  threads.clear();
}

void Scheduler::Impl::Loop(std::size_t index) noexcept {
  SetThreadName("embd-compute");
  AskForSlices(kComputeSlice);
  if (!options.places.empty()) PinThread(options.places[index % options.places.size()].cpu);
  try {
    for (;;) {
      const Next next = Wait(index);
      if (next == Next::kStop) return;
      progress.Begin(index, Clock::now());
      if (next == Next::kStep) RunStep(index);
      if (next == Next::kHelp) RunHelp(index);
      if (next == Next::kProbe) RunProbe(index);
      progress.End(index);
    }
  } catch (...) {
    // Only the operating system's failing at locks and waits comes here. The others work on, and
    // Health tells.
    progress.Lost(index);
  }
}

Next Scheduler::Impl::Wait(std::size_t index) {
  Worker& worker = workers[index];
  const Clock::time_point look_until = Clock::now() + options.look_around;
  std::unique_lock lock(mutex);
  for (;;) {
    if (stopping) return Next::kStop;
    // First, since whoever invited this thread waits for it.
    if (JoinStep(worker)) return Next::kHelp;
    // Before the queue's turn: the answer is worth more than one token's time.
    if (failed.load(std::memory_order_relaxed) && Clock::now() >= probe_at) {
      probe_at = Clock::now() + options.probe_every;
      return Next::kProbe;
    }
    if (!queue.empty()) {
      TakeStep(worker);
      return Next::kStep;
    }
    ++idle;
    worker.idle = true;
    Changed();
    WaitForChange(lock, look_until);
    worker.idle = false;
    --idle;
  }
}

// Looks around for a while, since what comes next often comes soon, and then sleeps.
void Scheduler::Impl::WaitForChange(std::unique_lock<std::mutex>& lock,
                                    Clock::time_point look_until) {
  if (failed.load(std::memory_order_relaxed)) {
    wake.wait_until(lock, probe_at);
    return;
  }
  const std::uint32_t seen = changes.load(std::memory_order_relaxed);
  if (Clock::now() >= look_until) return wake.wait(lock);
  lock.unlock();
  constexpr int kLooks = 32;
  do {
    for (int look = 0; look < kLooks; ++look) {
      if (changes.load(std::memory_order_acquire) != seen) return lock.lock();
      cpu::Relax();
    }
    // Whoever else wants this core has it: the thread that brings the work may be one of them.
    std::this_thread::yield();
  } while (Clock::now() < look_until);
  lock.lock();
}

// After every change of the queue or of who is idle, under the lock.
void Scheduler::Impl::Changed() {
  loan_wanted.store(queue.short_jobs() > 0 && idle == 0 && turns.may_lend(),
                    std::memory_order_relaxed);
  metrics.queue_size.Set(static_cast<double>(queue.size()));
}

int Scheduler::Impl::IdleNear(const Worker& worker) const {
  return static_cast<int>(std::count_if(workers.begin(), workers.end(), [&](const Worker& other) {
    return other.idle && other.node == worker.node;
  }));
}

void Scheduler::Impl::TakeStep(Worker& worker) {
  ChooseBatch({.jobs = queue.View(),
               .idle_workers = idle,
               .near_workers = IdleNear(worker),
               .turn = turns.turn()},
              limits, worker.step.choice);
  TakeChosen(worker.step, Of::kStep);
  worker.lendable = Lendable(worker.step);
  const int helpers = worker.step.choice.lanes - 1;
  if (helpers == 0 || !worker.runner.group().Open(helpers)) return;
  changes.fetch_add(1, std::memory_order_release);
  for (int i = 0; i < helpers; ++i) wake.notify_one();
}

// What each lane may lend. Jobs wait for loans to a step of theirs, whichever lane runs them. So
// all lanes together lend no more than the step is itself, and nothing to jobs that are no shorter
// than one of its own: they would only pass it, one after another.
std::int64_t Scheduler::Impl::Lendable(const ChosenJobs& step) const {
  const bool has_short = std::any_of(step.jobs.begin(), step.jobs.end(), [&](const Job& job) {
    return RequestTokens(job) <= limits.short_tokens;
  });
  return has_short ? 0 : static_cast<std::int64_t>(step.tokens) / step.choice.lanes;
}

void Scheduler::Impl::TakeChosen(ChosenJobs& chosen, Of of) {
  queue.Take(chosen.choice, chosen.jobs, chosen.dropped);
  chosen.tokens =
      std::transform_reduce(chosen.jobs.begin(), chosen.jobs.end(), std::uint64_t{0}, std::plus<>(),
                            [](const Job& job) { return job.ids.size(); });
  if (chosen.choice.overtaking > 0) {
    turns.Overtook(chosen.choice.overtaking);
  } else {
    of == Of::kStep ? turns.StepInOrder(chosen.tokens) : turns.LoanInOrder(chosen.tokens);
  }
  if (queue.empty()) turns.Clear();
  Changed();
}

bool Scheduler::Impl::JoinStep(Worker& worker) {
  for (Worker& leader : workers) {
    if (&leader == &worker || leader.node != worker.node) continue;
    worker.seat = leader.runner.group().Join();
    worker.leader = &leader;
    worker.lendable = leader.lendable;
    if (worker.seat > 0) return true;
  }
  return false;
}

void Scheduler::Impl::RunStep(std::size_t index) {
  Worker& worker = workers[index];
  const Clock::time_point begin = Clock::now();
  Pause pause{this, index};
  const bool came_through = RunJobs(worker.step, worker.runner, &pause);
  if (worker.step.tokens == 0) return;
  StepEnded(came_through);
  const MeasuredStep step(Clock::now() - begin, worker.step.tokens);
  MeasuredStep longest = longest_step.load(std::memory_order_relaxed);
  while (longest < step &&
         !longest_step.compare_exchange_weak(longest, step, std::memory_order_relaxed)) {
  }
}

// Whether the model came through; nothing to run counts as not.
bool Scheduler::Impl::RunJobs(ChosenJobs& chosen, StepRunner& runner, const BarrierRef& pause) {
  bool came_through = false;
  if (!chosen.jobs.empty()) {
    const auto tokens = static_cast<double>(chosen.tokens);
    metrics.batch_next_size.Observe(static_cast<double>(chosen.jobs.size()));
    metrics.batch_next_tokens.Observe(tokens);
    metrics.batch_fill.Observe(std::min(1.0, tokens / static_cast<double>(limits.max_tokens)));
    const Clock::time_point now = Clock::now();
    for (const Job& job : chosen.jobs) {
      metrics.queue_wait.Observe(std::chrono::duration<double>(now - job.submitted).count());
    }
    came_through = runner.Run(chosen.jobs, pause);
    chosen.jobs.clear();
  }
  metrics.cancelled_total.Add(chosen.dropped.size());
  for (Job& job : chosen.dropped) Answer(job, CancelledError());
  chosen.dropped.clear();
  return came_through;
}

void Scheduler::Impl::RunHelp(std::size_t index) {
  Worker& worker = workers[index];
  Pause pause{this, index};
  worker.runner.Help(worker.leader->runner, worker.seat, &pause);
}

// A short step between two operations of another. What it costs the other is accounted for.
void Scheduler::Impl::RunLoan(std::size_t index) {
  Worker& worker = workers[index];
  {
    const std::lock_guard lock(mutex);
    if (!loan_wanted.load(std::memory_order_relaxed)) return;
    ChooseLoan({.jobs = queue.View()}, limits, worker.loan.choice);
    TakeChosen(worker.loan, Of::kLoan);
    worker.lendable -= static_cast<std::int64_t>(worker.loan.tokens);
  }
  const bool ran = !worker.loan.jobs.empty();
  const bool came_through = RunJobs(worker.loan, *worker.loan_runner, nullptr);
  if (ran) StepEnded(came_through);
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
    changes.fetch_add(1, std::memory_order_release);
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
  const std::size_t tokens = job.ids.size();
  bool queued = false;
  bool stopping = false;
  int wakes = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    stopping = impl_->stopping;
    queued = !stopping && impl_->queue.TryPush(job);
    if (queued) {
      impl_->Changed();
      impl_->changes.fetch_add(1, std::memory_order_release);
      // All who may share the step at once, so that none waits for another to be woken.
      wakes = std::min(impl_->idle, LanesWorth(tokens, impl_->limits));
    }
  }
  if (queued) {
    for (int i = 0; i < wakes; ++i) impl_->wake.notify_one();
  } else {
    Answer(job, stopping ? CancelledError() : OverloadedError(std::chrono::seconds(1)));
  }
}

EngineHealth Scheduler::Health() const {
  if (impl_->progress.AnyLost()) return {.healthy = false, .reason = "a compute thread ended"};
  if (impl_->progress.AnyBusyFor(impl_->stall_after.load(std::memory_order_relaxed),
                                 Clock::now())) {
    return {.healthy = false, .reason = "a step does not end"};
  }
  if (impl_->failed.load(std::memory_order_relaxed)) {
    return {.healthy = false, .reason = "the model failed"};
  }
  return {};
}

std::chrono::milliseconds Scheduler::DeriveStallAfter() {
  const auto longest_text = static_cast<std::uint64_t>(impl_->options.step.max_sequence_tokens);
  const std::chrono::milliseconds limit =
      StallAfter(impl_->longest_step.load(std::memory_order_relaxed), longest_text);
  impl_->stall_after.store(limit, std::memory_order_relaxed);
  return limit;
}

std::int64_t Scheduler::output_size() const { return impl_->model.output_size(); }

std::size_t Scheduler::ResidentBytes(const Model& model, const SchedulerOptions& options) {
  const std::size_t row = static_cast<std::size_t>(model.output_size()) * sizeof(float);
  // Of a step and of a loan.
  const std::size_t lists = 2 * options.queue_capacity * (sizeof(Job) + 2 * sizeof(std::size_t));
  const std::size_t loans =
      options.short_tokens > 0 ? StepRunner::ResidentBytes(model, LoanLimits(options)) : 0;
  // What is touched of a thread's stack, not what is reserved.
  constexpr std::size_t kStack = std::size_t{64} << 10U;
  return static_cast<std::size_t>(options.workers) *
             (StepRunner::ResidentBytes(model, options.step) + loans + lists + kStack + row) +
         JobQueue::ResidentBytes(options.queue_capacity);
}

}  // namespace embd
