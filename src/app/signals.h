#pragma once

#include <pthread.h>

#include <atomic>
#include <memory>
#include <semaphore>
#include <thread>

namespace embd {

// SIGTERM and SIGINT, from the first instruction of main on; a signal also reaches a process that
// is PID 1 of a container, where unhandled ones are dropped. Made before any other thread, which
// then inherit the blocked signals. Also ignores SIGPIPE: a peer that has gone is an error of a
// write.
//
// Until Ready(): the process ends at once with status 0, whatever it is doing. After it: the first
// signal wakes Wait(), a second one ends the process at once with status 128 + its number.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // From now on a signal means: finish what was accepted. Does not return if one came before.
  void Ready();
  // Returns after the first signal that follows Ready().
  void Wait();

  // For a command that is a filter, from the thread that made this: from now on SIGTERM, SIGINT and
  // SIGPIPE end the process as they end any other.
  void LeaveToSystem();

 private:
  enum class Phase { kStarting, kReady, kStopping };
  void HandleSignals();

  std::atomic<Phase> phase_{Phase::kStarting};
  std::binary_semaphore stop_{0};
  std::thread thread_;
};

}  // namespace embd
