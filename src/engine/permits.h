#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace embd {

// Counts the inputs that are inside the server, from before tokenization until their answer is
// made. Nothing waits here: a request that does not get all its permits at once is turned away.
// Lock-free.
class Permits {
 public:
  // Returns its permits when it goes out of scope. Movable.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : permits_(std::exchange(other.permits_, nullptr)),
          count_(std::exchange(other.count_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      if (this != &other) {
        Release();
        permits_ = std::exchange(other.permits_, nullptr);
        count_ = std::exchange(other.count_, 0);
      }
      return *this;
    }
    ~Lease() { Release(); }

    explicit operator bool() const { return permits_ != nullptr; }

   private:
    friend class Permits;
    Lease(Permits* permits, std::int64_t count) : permits_(permits), count_(count) {}
    void Release() {
      if (permits_ != nullptr) permits_->available_.fetch_add(count_, std::memory_order_release);
      permits_ = nullptr;
    }

    Permits* permits_ = nullptr;
    std::int64_t count_ = 0;
  };

  explicit Permits(std::int64_t count) : available_(count) {}

  // An empty lease when fewer than `count` are free.
  Lease TryAcquire(std::int64_t count) {
    std::int64_t free = available_.load(std::memory_order_relaxed);
    while (free >= count) {
      if (available_.compare_exchange_weak(free, free - count, std::memory_order_acquire))
        return {this, count};
    }
    return {};
  }

  std::int64_t available() const { return available_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> available_;
};

}  // namespace embd
