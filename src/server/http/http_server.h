#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "service/service.h"

namespace embd::http {

struct HttpServerOptions {
  int io_threads = 1;
  std::size_t payload_limit = 2'000'000;  // bytes of one request body
  // Bytes of request bodies and answers that may be in memory at once, over all connections. A
  // request that does not fit waits, unread, until others are done.
  std::size_t buffer_budget = 64U << 20U;
  // A started request must arrive whole, and an answer be taken, within this time.
  std::chrono::seconds io_timeout{60};
};

// Serves the routes over connections that are handed to it. Does not listen: Listener does, and it
// needs the proof that WarmUp gives. One object, `io_threads` threads of its own.
class HttpServer {
 public:
  // `service` and `log` must outlive the server.
  HttpServer(Service& service, Log& log, const HttpServerOptions& options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes ownership of a connected stream socket (any family) and serves it.
  void Serve(int socket);

  // No further request is read: idle connections close now, busy ones after their current answer.
  // Returns when the last connection has closed or `deadline` has passed.
  void Drain(std::chrono::steady_clock::time_point deadline);

  static std::size_t ResidentBytes(const HttpServerOptions& options, std::size_t max_connections);

 private:
  friend class Listener;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd::http
