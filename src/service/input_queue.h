#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace embd {

class InputEncoder;

// A request as tokenizer threads see it: its inputs are to be dealt with one by one, in any order
// and by several threads at once. Each is told of exactly once.
class InputWork {
 public:
  virtual ~InputWork() = default;
  virtual void Process(std::size_t input, InputEncoder& encoder) noexcept = 0;
  // The service is going down.
  virtual void Drop(std::size_t input) noexcept = 0;
};

// One input of a request on its way to a tokenizer thread. Shared, because inputs of a request are
// in the queue, with threads and in the model at the same time, and any may be the last.
struct InputTask {
  std::shared_ptr<InputWork> work;
  std::size_t index = 0;
};

// The requests whose inputs wait for a tokenizer thread. Inputs leave by turns: one of the oldest
// request that has a single one, then one of the next batch, the batches taking turns, too. So
// what many send at once does not hold up what one waits for, and nobody waits for ever. Allocates
// at construction only. Any number of producers and consumers.
class InputQueue {
 public:
  // For at most so many requests of each kind.
  explicit InputQueue(std::size_t capacity) : singles_(capacity), batches_(capacity) {}

  // False when it is full or closed.
  bool TryPush(const std::shared_ptr<InputWork>& work, std::size_t inputs) {
    {
      const std::lock_guard lock(mutex_);
      Ring& ring = inputs == 1 ? singles_ : batches_;
      if (closed_ || ring.full() || inputs == 0) return false;
      ring.Push({.task = {.work = work, .index = 0}, .inputs = inputs});
    }
    inputs == 1 ? not_empty_.notify_one() : not_empty_.notify_all();
    return true;
  }

  // Waits for an input. Empty once the queue is closed and drained.
  std::optional<InputTask> Pop() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [this] { return !singles_.empty() || !batches_.empty() || closed_; });
    if (singles_.empty() && batches_.empty()) return std::nullopt;
    const bool single = batches_.empty() || (!singles_.empty() && singles_turn_);
    singles_turn_ = !single;
    Entry entry = (single ? singles_ : batches_).Pop();
    if (entry.task.index + 1 == entry.inputs) return std::move(entry.task);
    InputTask task = entry.task;
    ++entry.task.index;
    batches_.Push(std::move(entry));
    return task;
  }

  // After this nothing is accepted; consumers drain what is there and then see the end.
  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
  }

 private:
  struct Entry {
    InputTask task;  // the next of its inputs
    std::size_t inputs = 0;
  };

  // First in, first out; the capacity is fixed.
  class Ring {
   public:
    explicit Ring(std::size_t capacity) : slots_(capacity) {}
    bool empty() const { return count_ == 0; }
    bool full() const { return count_ == slots_.size(); }
    void Push(Entry entry) {
      slots_[(head_ + count_) % slots_.size()] = std::move(entry);
      ++count_;
    }
    Entry Pop() {
      Entry entry = std::exchange(slots_[head_], Entry());
      head_ = (head_ + 1) % slots_.size();
      --count_;
      return entry;
    }

   private:
    std::vector<Entry> slots_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
  };

  std::mutex mutex_;
  std::condition_variable not_empty_;
  Ring singles_;
  Ring batches_;
  bool singles_turn_ = true;
  bool closed_ = false;
};

}  // namespace embd
