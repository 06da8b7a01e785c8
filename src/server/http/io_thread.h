#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "server/http/byte_queue.h"
#include "server/http/inbox.h"
#include "server/http/server_state.h"

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

class Connection;

// One thread, its event loop and the connections that live on it. What is not said to be for any
// thread is for this one only.
class IoThread {
 public:
  explicit IoThread(ServerState& state);
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Any thread. Serves the socket here, which is counted as open already.
  void Adopt(int socket, LogAnswers log_answers, Encrypt encrypt);
  // Any thread. Tells all connections to end after their current answer, or at once.
  void DrainConnections();
  void AbortConnections();

  ServerState& state() { return state_; }
  asio::io_context& context() { return context_; }
  Inbox& inbox() { return inbox_; }
  bool draining() const { return draining_; }
  // An empty buffer of a usual input, or none: what the last connection that needed one no longer
  // did. Counted as nobody's: there is one.
  ByteQueue& spare_input() { return spare_input_; }

  // Has the connections looked at from time to time until none has a deadline.
  void DeadlineSet();
  void DeadlineCleared() { --deadlines_; }

 private:
  void Serve(int socket, LogAnswers log_answers, Encrypt encrypt);
  void StartSweep();
  void Sweep();

  ServerState& state_;
  asio::io_context context_{1};
  Inbox inbox_{context_};
  Timer sweep_timer_;
  bool sweeping_ = false;
  std::size_t deadlines_ = 0;
  bool draining_ = false;
  ByteQueue spare_input_;
  std::list<std::shared_ptr<Connection>> connections_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace embd::http
