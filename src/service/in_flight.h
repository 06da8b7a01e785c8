#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace embd {

// Counts things that are under way, so that their owner can wait for the last to end.
class InFlight {
 public:
  class Guard {
   public:
    explicit Guard(InFlight& all) : all_(all) {
      const std::lock_guard lock(all_.mutex_);
      ++all_.count_;
    }
    ~Guard() {
      const std::lock_guard lock(all_.mutex_);
      // Told under the lock: the owner may be gone as soon as it is let go.
      if (--all_.count_ == 0) all_.none_left_.notify_all();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    InFlight& all_;
  };

  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_left_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t count_ = 0;
};

}  // namespace embd
