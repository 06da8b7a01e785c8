#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>

namespace embd::http {

// What other threads hand to a thread that sits in an event loop. Handing over takes no lock: the
// loop's own queue is woken while its lock is held, so that the thread that wakes finds it taken.
// While things lie here that the thread has not fetched yet, more of them cost no system call.
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

 private:
  using Executor = boost::asio::io_context::executor_type;

  void Deliver();

  boost::asio::posix::basic_stream_descriptor<Executor> event_;  // an eventfd
  std::uint64_t count_ = 0;                                      // read from it
  bool stopped_ = false;
  std::atomic<Item*> newest_{nullptr};  // each leads to the one before it
};

}  // namespace embd::http
