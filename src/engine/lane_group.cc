#include "engine/lane_group.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "kernels/cpu/isa/relax.h"

namespace embd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kOpen = 1U << 31U;
constexpr std::uint32_t kWantedShift = 16;
constexpr std::uint32_t kTakenMask = 0xFFFF;
constexpr int kMostHelpers = 0x7FFF;

std::uint32_t Taken(std::uint32_t seats) { return seats & kTakenMask; }
std::uint32_t Wanted(std::uint32_t seats) { return (seats & ~kOpen) >> kWantedShift; }

// Thrown at a meeting to leave the model's code when another lane has failed.
struct Aborted {};

}  // namespace

// Where one lane meets the others. Lanes count their meetings, so that all leave at the same one:
// the one that the failing lane goes to in place of the model's.
class LaneGroup::Meeting {
 public:
  Meeting(LaneGroup& group, const BarrierRef& pause)
      : group_(group),
        barrier_(group.barriers_[static_cast<std::size_t>(group.lanes_) - 2]),
        pause_(pause) {}

  void arrive_and_wait() {
    pause_.ArriveAndWait();
    Meet();
    if (group_.failed_before_.load(std::memory_order_acquire) < met_) throw Aborted();
  }

  // Tells the others, and meets them once more.
  void Fail(const char* what) {
    if (!group_.has_failure_.exchange(true)) {
      std::strncpy(group_.failure_.data(), what, group_.failure_.size() - 1);
    }
    group_.failed_before_.store(met_, std::memory_order_release);
    Meet();
  }

  void Meet() {
    barrier_.arrive_and_wait();
    ++met_;
  }

 private:
  LaneGroup& group_;
  StepBarrier& barrier_;
  BarrierRef pause_;
  std::uint32_t met_ = 0;
};

LaneGroup::LaneGroup(int most_lanes) : most_lanes_(std::min(most_lanes, kMostHelpers + 1)) {
  for (int lanes = 2; lanes <= most_lanes_; ++lanes) barriers_.emplace_back(lanes);
}

bool LaneGroup::Open(int helpers) {
  const int wanted = std::min(helpers, most_lanes_ - 1);
  if (wanted <= 0 || inside_.load(std::memory_order_acquire) != 0) return false;
  state_.store(State::kWaiting, std::memory_order_relaxed);
  seats_.store(kOpen | static_cast<std::uint32_t>(wanted) << kWantedShift,
               std::memory_order_release);
  return true;
}

int LaneGroup::Join() {
  std::uint32_t seats = seats_.load(std::memory_order_acquire);
  while ((seats & kOpen) != 0 && Taken(seats) < Wanted(seats)) {
    if (seats_.compare_exchange_weak(seats, seats + 1, std::memory_order_acq_rel)) {
      return static_cast<int>(Taken(seats)) + 1;
    }
  }
  return 0;
}

// The number of helpers that have come; nobody can from here on.
int LaneGroup::Close() {
  const int helpers = static_cast<int>(Taken(seats_.exchange(0, std::memory_order_acq_rel)));
  inside_.store(helpers, std::memory_order_relaxed);
  return helpers;
}

void LaneGroup::Dismiss() noexcept {
  if (seats_.load(std::memory_order_relaxed) == 0 || Close() == 0) return;
  state_.store(State::kDismissed, std::memory_order_release);
  state_.notify_all();
}

Model::Outputs LaneGroup::Lead(const Step& step, const Own& own,
                               std::chrono::nanoseconds patience) {
  const std::uint32_t opened = seats_.load(std::memory_order_relaxed);
  lanes_ = 1;
  if (opened != 0) {
    const auto deadline = Clock::now() + patience;
    const auto all_here = [&] {
      return Taken(seats_.load(std::memory_order_acquire)) == Wanted(opened);
    };
    while (!all_here() && Clock::now() < deadline) cpu::Relax();
    lanes_ = 1 + Close();
  }
  step_ = &step;
  if (lanes_ == 1) {
    Arena activations(step.activations);
    Arena scratch(own.scratch);
    return step.model.Run(step.batch, activations, {.barrier = own.pause, .scratch = &scratch});
  }
  failed_before_.store(kNever, std::memory_order_relaxed);
  has_failure_.store(false, std::memory_order_relaxed);
  state_.store(State::kBegun, std::memory_order_release);
  state_.notify_all();
  const std::optional<Model::Outputs> outputs = RunLane(0, own);
  if (has_failure_.load()) throw std::runtime_error(failure_.data());
  return *outputs;
}

void LaneGroup::Help(int seat, const Own& own) noexcept {
  // The leader is at most patient for a while, unless the system has taken its core away.
  constexpr int kLooks = 5'000;
  for (int look = 0; look < kLooks && state_.load(std::memory_order_acquire) == State::kWaiting;
       ++look) {
    cpu::Relax();
  }
  state_.wait(State::kWaiting, std::memory_order_acquire);
  if (state_.load(std::memory_order_acquire) == State::kBegun) RunLane(seat, own);
  inside_.fetch_sub(1, std::memory_order_release);
}

std::optional<Model::Outputs> LaneGroup::RunLane(int index, const Own& own) noexcept {
  Meeting meeting(*this, own.pause);
  Arena activations(step_->activations);
  Arena scratch(own.scratch);
  const Lane lane{.index = index, .count = lanes_, .barrier = &meeting, .scratch = &scratch};
  std::optional<Model::Outputs> outputs;
  try {
    outputs = step_->model.Run(step_->batch, activations, lane);
    // Whoever fails after the last operation is heard here.
    meeting.Meet();
  } catch (const Aborted&) {
    outputs.reset();
  } catch (const std::exception& exception) {
    meeting.Fail(exception.what());
  } catch (...) {
    meeting.Fail("unknown exception");
  }
  return outputs;
}

}  // namespace embd
