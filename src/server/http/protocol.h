#pragma once

#include <chrono>

#include "server/http/io_thread.h"

namespace embd::http {

// What a connection speaks once that is known. One thread.
class Protocol {
 public:
  Protocol() = default;
  virtual ~Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;

  // Serves until the connection ends and no handler owes an answer. Called once.
  virtual Awaitable<void> Run() = 0;
  // The thread drains: what has begun to arrive is answered, nothing else.
  virtual void Drain() = 0;
  // The connection is gone: nobody reads what is being computed.
  virtual void Cancel() = 0;
  // Whether the client has let too much time pass; `contended`: others wait for buffers.
  virtual bool Overdue(std::chrono::steady_clock::time_point now, bool contended) = 0;
};

}  // namespace embd::http
