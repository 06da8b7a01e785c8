#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <mutex>

namespace embd::http {

class BufferLease;

// Bytes of a body that get room at once; of a larger one more as it comes.
inline constexpr std::size_t kFirstBody = 16384;

// How many bytes all connections together may hold in buffers. Who does not get his share waits in
// line. One lease at a time may go beyond the budget, so that those who each hold a part and wait
// for more cannot block each other for ever. Any thread.
class BufferBudget {
 public:
  // Stands in line; must stay where it is until granted() was called or Forget() returned true.
  struct Waiter {
    BufferLease* lease = nullptr;
    std::size_t bytes = 0;
    std::function<void()> granted;  // called once, from any thread; must not block
  };

  explicit BufferBudget(std::size_t bytes) : limit_(bytes) {}

  void Wait(Waiter& waiter);
  // False when granted() was called already or is being called.
  bool Forget(Waiter& waiter);

  // Whether anyone waits.
  bool contended() const;
  std::size_t used() const;

 private:
  friend class BufferLease;
  bool TryTake(const BufferLease& lease, std::size_t bytes);
  void Charge(std::size_t bytes);
  void Release(const BufferLease& lease, std::size_t bytes, bool all);
  bool Fits(const BufferLease& lease, std::size_t bytes);
  void ServeLine();

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::size_t used_ = 0;
  const BufferLease* overdrawn_ = nullptr;
  std::list<Waiter*> line_;
};

// What one connection holds of the budget. Used by one thread; gives back what it has at its end.
class BufferLease {
 public:
  explicit BufferLease(BufferBudget& budget) : budget_(budget) {}
  ~BufferLease() { Clear(); }
  BufferLease(const BufferLease&) = delete;
  BufferLease& operator=(const BufferLease&) = delete;

  BufferBudget& budget() const { return budget_; }
  std::size_t bytes() const { return bytes_; }

  // Takes more if it may have it at once.
  bool TryGrow(std::size_t bytes);
  // Takes more whether or not there is any left: what is there already must be counted.
  void Charge(std::size_t bytes);
  void Shrink(std::size_t bytes);
  void Clear();

 private:
  friend class BufferBudget;
  BufferBudget& budget_;
  std::size_t bytes_ = 0;
};

}  // namespace embd::http
