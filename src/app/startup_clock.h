#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/metrics.h"

namespace embd {

// How long each phase of the start took. Not for sharing between threads.
class StartupClock {
 public:
  using Clock = std::chrono::steady_clock;

  // Runs `work`, notes its time under `phase` and returns what it returned.
  template <typename Work>
  auto Time(std::string phase, Work&& work) {
    const Stopwatch stopwatch{*this, std::move(phase)};
    return std::forward<Work>(work)();
  }

  void Note(std::string phase, Clock::duration duration) {
    Note({std::move(phase), std::chrono::duration<double>(duration).count()});
  }
  void Note(PhaseGauge phase) { phases_.push_back(std::move(phase)); }

  Clock::duration elapsed() const { return Clock::now() - started_; }
  const std::vector<PhaseGauge>& phases() const { return phases_; }

 private:
  struct Stopwatch {
    StartupClock& clock;
    std::string phase;
    Clock::time_point begin = Clock::now();
    ~Stopwatch() { clock.Note(std::move(phase), Clock::now() - begin); }
  };

  Clock::time_point started_ = Clock::now();
  std::vector<PhaseGauge> phases_;
};

}  // namespace embd
