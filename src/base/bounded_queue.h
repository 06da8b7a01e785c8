#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace embd {

// First-in first-out queue between threads with a capacity fixed at construction; it never
// allocates afterwards. Any number of producers and consumers.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : slots_(capacity) {}

  // False, leaving `item` untouched, when the queue is full or closed.
  bool TryPush(T& item) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || count_ == slots_.size()) return false;
      slots_[(head_ + count_) % slots_.size()].emplace(std::move(item));
      ++count_;
    }
    not_empty_.notify_one();
    return true;
  }

  // Waits for an item. Empty once the queue is closed and drained.
  std::optional<T> Pop() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [this] { return count_ > 0 || closed_; });
    if (count_ == 0) return std::nullopt;
    std::optional<T> item = std::exchange(slots_[head_], std::nullopt);
    head_ = (head_ + 1) % slots_.size();
    --count_;
    return item;
  }

  // After this no item is accepted; consumers drain what is there and then see the end.
  void Close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable not_empty_;
  std::vector<std::optional<T>> slots_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  bool closed_ = false;
};

}  // namespace embd
