#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/scheduler.h"
#include "engine/test_model.h"

namespace embd::testing {

using Answer = std::future<Result<JobResult>>;

inline Job JobOf(std::vector<std::uint32_t> ids) {
  Job job;
  job.type_ids.assign(ids.size(), 0);
  job.ids = std::move(ids);
  return job;
}

inline Answer Submit(Scheduler& scheduler, Job job) {
  auto promise = std::make_shared<std::promise<Result<JobResult>>>();
  Answer answer = promise->get_future();
  job.done = [promise](Result<JobResult> result) { promise->set_value(std::move(result)); };
  scheduler.Submit(std::move(job));
  return answer;
}

inline Answer Submit(Scheduler& scheduler, std::vector<std::uint32_t> ids) {
  return Submit(scheduler, JobOf(std::move(ids)));
}

inline std::optional<ErrorKind> KindOf(Answer& answer) {
  const Result<JobResult> result = answer.get();
  if (result) return std::nullopt;
  return result.error().kind;
}

// Waits until the health is as expected; false when that takes absurdly long.
inline bool Becomes(const Scheduler& scheduler, bool healthy) {
  for (int i = 0; i < 30'000; ++i) {
    if (scheduler.Health().healthy == healthy) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

inline SchedulerOptions Options(int workers) {
  return {.workers = workers,
          .step = {.max_tokens = 64, .max_sequences = 8, .max_sequence_tokens = 32},
          .queue_capacity = 1000,
          .probe_every = std::chrono::milliseconds(5)};
}

class SchedulerTest : public ::testing::Test {
 protected:
  // Makes every step of the model wait at the gate.
  void CloseGate() {
    model_.on_run = [this](const PackedBatch&) { gate_.Wait(); };
  }

  Gate gate_;
  TestModel model_;
  Metrics metrics_{32};
};

}  // namespace embd::testing
