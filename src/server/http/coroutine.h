#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

// What runs on the server's own threads. Connections, streams and calls are built on it; handlers
// and all that is above do not include it: Boost ends here.

namespace embd::http {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
// What a coroutine returns. Beware: g++ 12.2 lays out a wrong frame for a coroutine that has no
// local variable and awaits in the condition of an `if`; name what is awaited.
template <typename T>
using Awaitable = asio::awaitable<T, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kAwait{};

// Lets one coroutine wait until something has happened. Everything on one thread.
class Event {
 public:
  // The coroutine goes on soon, not within this.
  void Set() {
    set_ = true;
    if (waiter_) asio::post(*std::exchange(waiter_, std::nullopt));
  }
  void Reset() { set_ = false; }
  Awaitable<void> Wait() {
    while (!set_) {
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
          [this](Waiter waiter) { waiter_.emplace(std::move(waiter)); }, kAwait);
    }
  }

 private:
  // What resumes a coroutine.
  using Waiter = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;

  std::optional<Waiter> waiter_;
  bool set_ = false;
};

// Lets the coroutines of one thread do something that takes long one after another, and all else
// that is ready to run, or for which events have come, in between. Must outlive the event loop's
// run.
class Turns {
 public:
  explicit Turns(Executor executor) : executor_(std::move(executor)) {}

  // Ends a turn.
  class Turn {
   public:
    explicit Turn(Turns& turns) : turns_(turns) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    // Without memory for it ending the process is right.
    // NOLINTNEXTLINE(bugprone-exception-escape)
    ~Turn() {
      asio::post(turns_.executor_, [&turns = turns_] { turns.Next(); });
    }

   private:
    Turns& turns_;
  };

  // Returns true when it is this one's turn, and then a Turn must be made; false when `ended` says
  // so after `wake`, which must be nobody else's meanwhile, was set from elsewhere.
  template <typename Ended>
  Awaitable<bool> Wait(Event& wake, Ended ended) {
    if (!std::exchange(taken_, true)) co_return true;
    wake.Reset();
    waiting_.push_back(&wake);
    auto place = std::find(waiting_.begin(), waiting_.end(), &wake);
    while (place != waiting_.end() && !ended()) {
      co_await wake.Wait();
      wake.Reset();
      place = std::find(waiting_.begin(), waiting_.end(), &wake);
    }
    const bool gone = ended();
    if (place != waiting_.end()) {
      waiting_.erase(place);
    } else if (gone) {
      Next();
    }
    co_return !gone;
  }

 private:
  void Next() {
    taken_ = !waiting_.empty();
    if (!taken_) return;
    Event& next = *waiting_.front();
    waiting_.pop_front();
    next.Set();
  }

  Executor executor_;
  bool taken_ = false;
  std::deque<Event*> waiting_;
};

}  // namespace embd::http
