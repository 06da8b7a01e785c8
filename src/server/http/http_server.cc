#include "server/http/http_server.h"

#include <unistd.h>

#include <algorithm>

#include "server/http/connection.h"
#include "server/http/http_server_impl.h"
#include "server/http/openapi.h"

namespace embd::http {
namespace {

// Measured: 2.5 kB for an idle connection that has spoken (its coroutine, timer and place in the
// event loop), and the input that every connection may have beyond the budget.
constexpr std::size_t kConnection = 2560 + 1024;
// Measured with OpenSSL 3.0: 14.5 kB for an idle connection, and 55 kB during the handshake, with a
// record's worth of buffer each way.
constexpr std::size_t kTlsConnection = std::size_t{15} << 10U;
constexpr std::size_t kTlsHandshake = std::size_t{41} << 10U;
// A thread's stack as far as it is used, and what its allocations leave behind.
constexpr std::size_t kThread = std::size_t{1} << 20U;
// While a body is read as JSON its texts exist twice, and token ids take twice what they take as
// text.
constexpr std::size_t kBodyWhileRead = 3;

}  // namespace

HttpServer::Impl::Impl(Service& service, Log& log, const HttpServerOptions& options)
    : state(service, log, options) {
  if (options.tls) {
    tls = std::make_unique<TlsContext>(*options.tls, log);
    state.tls = tls.get();
  }
  for (int i = 0; i < std::max(1, options.io_threads); ++i) {
    threads.push_back(std::make_unique<IoThread>(state));
  }
}

void HttpServer::Impl::Serve(int socket, LogAnswers log_answers, Encrypt encrypt) {
  if (!state.open.TryAdd()) {
    ::close(socket);
    return;
  }
  const std::size_t turn = next.fetch_add(1, std::memory_order_relaxed);
  threads[turn % threads.size()]->Adopt(socket, log_answers, encrypt);
}

HttpServer::HttpServer(Service& service, Log& log, const HttpServerOptions& options)
    : impl_(std::make_unique<Impl>(service, log, options)) {}

// Out of memory here ends the process, as it should. NOLINTNEXTLINE(bugprone-exception-escape)
HttpServer::~HttpServer() {
  Drain(std::chrono::steady_clock::now());
  impl_->state.open.WaitForNone();
}

void HttpServer::Serve(int socket) { impl_->Serve(socket, LogAnswers::kYes, Encrypt::kIfPossible); }

void HttpServer::Drain(std::chrono::steady_clock::time_point deadline) {
  for (const auto& thread : impl_->threads) thread->DrainConnections();
  impl_->state.open.WaitForNone(deadline);
  if (impl_->state.open.count() == 0) return;
  for (const auto& thread : impl_->threads) thread->AbortConnections();
}

std::size_t HttpServer::ResidentBytes(const HttpServerOptions& options, std::size_t connections) {
  const auto threads = static_cast<std::size_t>(std::max(1, options.io_threads));
  const std::size_t handshakes = options.tls ? kMaxHandshakes * kTlsHandshake : 0;
  return options.buffer_budget + kApiDocumentBytes + connections * ConnectionBytes(options) +
         handshakes + threads * (kThread + kBodyWhileRead * options.payload_limit);
}

std::size_t HttpServer::ConnectionBytes(const HttpServerOptions& options) {
  return kConnection + (options.tls ? kTlsConnection : 0);
}

}  // namespace embd::http
