#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>

#include "kernels/step_barrier.h"
#include "model/model.h"

namespace embd {

// Lets idle threads join one thread's step as its lanes. The step never waits for a thread that
// does not run: its number of lanes is decided by who has arrived when it begins. One leader, which
// owns the group, and any number of helpers; nothing is locked or allocated.
//
// A lane that throws ends the step for all: the others leave at their next meeting, and Lead
// throws a std::runtime_error with the message of the first. (Only its text goes from thread to
// thread: the exception belongs to the lane that threw it.)
class LaneGroup {
 public:
  explicit LaneGroup(int most_lanes);

  // What the lanes of a step need of their own threads.
  struct Own {
    std::span<std::byte> scratch;
    // Called between the operations of the step, before the lane waits for others.
    BarrierRef pause;
  };

  // Leader: lets up to `helpers` threads join until the step begins. False, and nobody can, while
  // a helper is still on its way out of the last step.
  bool Open(int helpers);

  // Leader: waits at most `patience` for those who were let in, then runs the step with those who
  // came; alone, and then throwing what the model throws, if nobody did or if the group is not
  // open.
  struct Step {
    const Model& model;
    PackedBatch batch;
    std::span<std::byte> activations;
  };
  Model::Outputs Lead(const Step& step, const Own& own, std::chrono::nanoseconds patience);

  // Leader: sends home who has joined a step that is not to be. Nothing to do after Lead.
  void Dismiss() noexcept;

  // Lanes of the last step that Lead has run.
  int lanes() const { return lanes_; }

  // Helper: takes a seat in a step that is open; 0 when there is none. Whoever has one must Help.
  int Join();
  // Helper: waits for the step to begin and does its part.
  void Help(int seat, const Own& own) noexcept;

 private:
  class Meeting;
  enum class State : std::uint32_t { kWaiting, kBegun, kDismissed };

  int Close();
  std::optional<Model::Outputs> RunLane(int index, const Own& own) noexcept;

  const int most_lanes_;
  std::deque<StepBarrier> barriers_;  // for 2, 3, ... lanes: each keeps its own patience

  // Who may come and who has: open bit, seats left and seats taken in one word.
  std::atomic<std::uint32_t> seats_ = 0;
  std::atomic<State> state_ = State::kWaiting;
  std::atomic<int> inside_ = 0;  // helpers that have not left the step

  // Written by the leader before the step begins.
  const Step* step_ = nullptr;
  int lanes_ = 1;

  // The meeting that a lane which failed would have gone to next, and what it threw.
  static constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();
  std::atomic<std::uint32_t> failed_before_ = kNever;
  std::atomic<bool> has_failure_ = false;
  std::array<char, 256> failure_{};  // ends with a zero
};

}  // namespace embd
