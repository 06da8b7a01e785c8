#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "server/http/tls_files.h"
#include "service/service.h"
#include "telemetry/metrics.h"

namespace embd::http {

struct HttpServerOptions {
  int io_threads = 1;
  std::size_t payload_limit = 2'000'000;  // bytes of one request body
  // Bytes of requests and answers that may be in memory at once, over all connections. A request
  // that does not fit waits, unread, until others are done.
  std::size_t buffer_budget = std::size_t{64} << 20U;
  // A started request must arrive whole, and an answer be taken, within this time.
  std::chrono::milliseconds io_timeout{60'000};
  // While others wait for the budget, who holds a part of it must not pause for longer than this.
  std::chrono::milliseconds contended_timeout{2'000};
  // Connections beyond this are closed at once.
  std::size_t max_connections = 10'240;
  // Of these, those that speak HTTP/2: each keeps more memory, a part of the budget of which all
  // must not take more than half, but carries many requests. Others are told to come back, and
  // those without requests make room for them.
  std::size_t max_http2_connections = 128;
  std::optional<TlsFiles> tls;         // nothing: plain text
  std::optional<std::string> api_key;  // nothing: open to everyone
  // Origins that browsers may call from; empty, or "*" among them: any.
  std::vector<std::string> cors_allow_origin;
  // Where the number of open connections is shown; must outlive the server. Null: nowhere.
  Gauge* open_connections = nullptr;
};

// Serves the routes over connections that are handed to it. Does not listen: Listener does, and it
// needs the proof that WarmUp gives. One object, `io_threads` threads of its own.
class HttpServer {
 public:
  // `service` and `log` must outlive the server. Throws std::system_error, and LoadError when the
  // certificate cannot be used.
  HttpServer(Service& service, Log& log, const HttpServerOptions& options);
  // Closes what is open and waits for the answers that the service still owes.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes ownership of a connected stream socket (any family) and serves it. Any thread.
  void Serve(int socket);

  // No further request is read: idle connections close now, busy ones after their current answer.
  // A request of which a part has arrived is still read and answered. Returns when the last
  // connection has closed, or closes the rest when `deadline` has passed.
  void Drain(std::chrono::steady_clock::time_point deadline);

  // Bytes that the server keeps resident with `connections` open, for the memory plan.
  static std::size_t ResidentBytes(const HttpServerOptions& options, std::size_t connections);
  // Of which an idle connection takes as many.
  static std::size_t ConnectionBytes(const HttpServerOptions& options);

 private:
  friend class Listener;
  friend class WarmUpClient;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd::http
