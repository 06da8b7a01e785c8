#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "server/http/http_server.h"
#include "server/http/io_thread.h"
#include "server/http/server_state.h"
#include "server/http/tls_context.h"

namespace embd::http {

struct HttpServer::Impl {
  Impl(Service& service, Log& log, const HttpServerOptions& options);

  // Closes the socket when there are too many connections.
  void Serve(int socket, LogAnswers log_answers, Encrypt encrypt);

  std::unique_ptr<TlsContext> tls;  // null: no certificate
  ServerState state;
  std::vector<std::unique_ptr<IoThread>> threads;
  std::atomic<std::size_t> next{0};  // thread for the next connection
};

}  // namespace embd::http
