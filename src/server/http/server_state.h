#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/log.h"
#include "server/http/buffer_budget.h"
#include "server/http/http_server.h"
#include "server/http/openapi.h"
#include "server/http/router.h"
#include "server/http/routes.h"
#include "service/service.h"

namespace embd::http {

class TlsContext;

enum class LogAnswers : std::uint8_t { kYes, kNo };
// Whether a connection is encrypted where the server has a certificate.
enum class Encrypt : std::uint8_t { kIfPossible, kNo };

// Counts the open connections. Any thread.
class OpenConnections {
 public:
  OpenConnections(std::size_t limit, Gauge* shown) : limit_(limit), shown_(shown) {}

  // False when there are too many.
  bool TryAdd() {
    const std::lock_guard lock(mutex_);
    if (count_ >= limit_) return false;
    Set(count_ + 1);
    return true;
  }
  void Remove() {
    const std::lock_guard lock(mutex_);
    Set(count_ - 1);
    if (count_ == 0) none_.notify_all();  // under the lock: then its owner may end it
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }
  void WaitForNone(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    none_.wait_until(lock, deadline, [this] { return count_ == 0; });
  }

 private:
  void Set(std::size_t count) {
    count_ = count;
    if (shown_ != nullptr) shown_->Set(static_cast<double>(count));
  }

  const std::size_t limit_;
  Gauge* const shown_;
  mutable std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;
};

// What the threads of a server share.
struct ServerState {
  ServerState(Service& service_in, Log& log_in, const HttpServerOptions& options_in)
      : service(service_in),
        log(log_in),
        options(options_in),
        router(Routes(), {options.api_key, options.cors_allow_origin}),
        api_document(WriteApiDocument(Routes(), service.info())),
        budget(options.buffer_budget),
        open(options.max_connections, options.open_connections) {}

  Service& service;
  Log& log;
  const HttpServerOptions options;
  const Router router;
  const std::string api_document;
  BufferBudget budget;
  OpenConnections open;
  std::atomic<std::size_t> http2_connections{0};
  std::atomic<std::size_t> handshakes{0};  // under way
  TlsContext* tls = nullptr;               // null: the network is spoken to in plain text
};

}  // namespace embd::http
