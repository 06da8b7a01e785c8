#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <thread>

#include "server/http/byte_queue.h"
#include "server/http/coroutine.h"
#include "server/http/inbox.h"
#include "server/http/server_state.h"

namespace embd::http {

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
  Turns& handshakes() { return handshakes_; }
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
  Turns handshakes_{context_.get_executor()};
  ByteQueue spare_input_;
  std::list<std::shared_ptr<Connection>> connections_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace embd::http
