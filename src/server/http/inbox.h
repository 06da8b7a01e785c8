#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>

namespace embd::http {

// What other threads hand to a thread that sits in an event loop. Handing over takes no lock: the
// loop's own queue is woken while its lock is held, so that the thread that wakes finds it taken.
// Nor does it take a system call while the thread is at something after which it looks here anyway.
class Inbox {
 public:
  // Whoever hands one over keeps it until Arrive.
  class Item {
   public:
    virtual ~Item() = default;
    // On the loop's thread; may end the item.
    virtual void Arrive() = 0;

   private:
    friend class Inbox;
    Item* next_ = nullptr;
  };

  // Throws boost::system::system_error when the process has no more descriptors.
  explicit Inbox(boost::asio::io_context& context);
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Any thread. Items arrive in the order in which they were pushed. An item that is pushed may not
  // be pushed again before it has arrived.
  void Push(Item& item) noexcept;

  // Each once, on the loop's thread or before it runs. From Start to Stop the loop has work.
  void Start();
  void Stop();

  // On the loop's thread, by whoever gives it something to do that takes a while: has it look here
  // once more before it waits for events, so that senders need not wake it.
  void LookBeforeWaiting();

 private:
  using Executor = boost::asio::io_context::executor_type;

  void Receive();
  void LookAgain();
  // Whether there was anything.
  bool Deliver();

  boost::asio::posix::basic_stream_descriptor<Executor> event_;  // an eventfd
  std::uint64_t count_ = 0;                                      // read from it
  bool stopped_ = false;
  // Whether LookAgain is to come. Senders may rely on it.
  std::atomic<bool> looks_again_{false};
  std::atomic<Item*> newest_{nullptr};  // each leads to the one before it
};

}  // namespace embd::http
