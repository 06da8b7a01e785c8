#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "model/model.h"

namespace embd::testing {

// A door that threads wait at until it is opened.
class Gate {
 public:
  void Open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void WaitForArrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

// A model whose answers are easily told: column c of a sequence's pooled row is (sum of its ids) +
// c, column c of a token's row is its id * 1000 + its position + c. Some ids misbehave.
class TestModel final : public Model {
 public:
  static constexpr std::uint32_t kPoison = 900;      // the step throws
  static constexpr std::uint32_t kNotANumber = 901;  // the sequence's rows hold a NaN
  static constexpr std::uint32_t kInfinite = 902;

  explicit TestModel(std::int64_t columns = 4) : columns_(columns) {}

  // Called at the start of every step, on the thread of its first lane. Set it before the first
  // step, as the others.
  std::function<void(const PackedBatch&)> on_run;
  // Called by every lane at the start of every step.
  std::function<void(const Lane&)> on_lane;
  // Called by every lane after the first of the two times that the lanes of a step meet.
  std::function<void(const PackedBatch&, const Lane&)> on_middle;

  int runs() const { return runs_.load(); }

  static float Pooled(std::span<const std::uint32_t> ids, std::int64_t column) {
    std::uint64_t sum = 0;
    for (const std::uint32_t id : ids) sum += id;
    return static_cast<float>(sum) + static_cast<float>(column);
  }

  std::int64_t output_size() const override { return columns_; }

  std::size_t ActivationBytes(const StepLimits& limits) const override {
    return Arena::MatrixBytes(limits.max_sequences, columns_) +
           Arena::MatrixBytes(limits.max_tokens, columns_);
  }

  std::size_t ScratchBytes(const StepLimits&) const override { return Arena::FloatsBytes(16); }

  Outputs Run(const PackedBatch& batch, Arena& activations, const Lane& lane) const override {
    if (lane.index == 0) {
      ++runs_;
      if (on_run) on_run(batch);
    }
    if (on_lane) on_lane(lane);
    lane.scratch->Floats(16)[0] = 1;
    const MatrixView pooled = activations.Matrix(batch.sequences(), columns_);
    const MatrixView tokens = activations.Matrix(batch.tokens(), columns_);
    lane.Sync();
    if (on_middle) on_middle(batch, lane);
    const Lane::Range mine = lane.Share(batch.sequences());
    for (std::int64_t s = mine.begin; s < mine.end; ++s) {
      const std::uint32_t begin = batch.offsets[static_cast<std::size_t>(s)];
      const std::uint32_t end = batch.offsets[static_cast<std::size_t>(s) + 1];
      const auto ids = batch.ids.subspan(begin, end - begin);
      const float add = Addend(ids);
      for (std::int64_t c = 0; c < columns_; ++c) {
        pooled.row(s)[c] = Pooled(ids, c) + add;
        for (std::uint32_t t = begin; t < end; ++t) {
          tokens.row(t)[c] = static_cast<float>(batch.ids[t]) * 1000 +
                             static_cast<float>(batch.position_ids[t]) + static_cast<float>(c) +
                             add;
        }
      }
    }
    lane.Sync();
    return {.pooled = pooled, .tokens = tokens};
  }

 private:
  static float Addend(std::span<const std::uint32_t> ids) {
    for (const std::uint32_t id : ids) {
      // On whichever lane has the sequence.
      if (id == kPoison) throw std::runtime_error("poison");
      if (id == kNotANumber) return std::numeric_limits<float>::quiet_NaN();
      if (id == kInfinite) return std::numeric_limits<float>::infinity();
    }
    return 0;
  }

  std::int64_t columns_;
  mutable std::atomic<int> runs_{0};
};

}  // namespace embd::testing
