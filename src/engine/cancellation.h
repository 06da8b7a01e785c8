#pragma once

#include <atomic>
#include <memory>

namespace embd {

// Says that nobody waits for an answer any more. Shared, because the connection that sets it and
// the queued jobs that read it end in either order.
class Cancellation {
 public:
  Cancellation() : flag_(std::make_shared<std::atomic<bool>>(false)) {}

  void Cancel() const { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

}  // namespace embd
