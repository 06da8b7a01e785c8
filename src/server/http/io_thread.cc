#include "server/http/io_thread.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include <unistd.h>

#include "base/cpu_topology.h"
#include "base/system.h"
#include "server/http/connection.h"
#include "server/http/stream.h"
#include "server/http/tls_context.h"

namespace embd::http {

IoThread::IoThread(ServerState& state) : state_(state), sweep_timer_(context_.get_executor()) {
  inbox_.Start();
  thread_ = std::jthread([this] {
    SetThreadName("embd-http");
    AskForSlices(kShortSlice);
    context_.run();
  });
}

// The connections have ended before.
// Without memory to say goodbye with, ending the process is right.
// NOLINTNEXTLINE(bugprone-exception-escape)
IoThread::~IoThread() {
  asio::post(context_, [this] {
    sweep_timer_.cancel();
    inbox_.Stop();
  });
}

void IoThread::Adopt(int socket, LogAnswers log_answers, Encrypt encrypt) {
  asio::post(context_,
             [this, socket, log_answers, encrypt] { Serve(socket, log_answers, encrypt); });
}

void IoThread::Serve(int socket, LogAnswers log_answers, Encrypt encrypt) {
  bool taken = false;
  try {
    Socket own = TakeSocket(*this, socket);
    taken = true;
    std::unique_ptr<Stream> stream;
    if (encrypt == Encrypt::kIfPossible && state_.tls != nullptr) {
      stream = state_.tls->Wrap(std::move(own));
    } else {
      stream = std::make_unique<PlainStream>(std::move(own));
    }
    connections_.push_front(std::make_shared<Connection>(*this, std::move(stream), log_answers));
  } catch (...) {  // out of memory or of descriptors: one connection less
    if (!taken) ::close(socket);
    return state_.open.Remove();
  }
  const auto place = connections_.begin();
  asio::co_spawn(context_, (*place)->Run(), [this, place](const std::exception_ptr& /*failed*/) {
    // Whatever ended it, memory shortage included, it ended this connection only.
    connections_.erase(place);
    state_.open.Remove();
  });
}

void IoThread::DrainConnections() {
  asio::post(context_, [this] {
    draining_ = true;
    for (const auto& connection : connections_) connection->Drain();
  });
}

void IoThread::AbortConnections() {
  asio::post(context_, [this] {
    for (const auto& connection : connections_) connection->Abort();
  });
}

void IoThread::DeadlineSet() {
  ++deadlines_;
  if (!sweeping_) StartSweep();
}

void IoThread::StartSweep() {
  using std::chrono::milliseconds;
  const HttpServerOptions& options = state_.options;
  const milliseconds shortest = std::min(options.io_timeout, options.contended_timeout);
  sweeping_ = true;
  sweep_timer_.expires_after(std::clamp(shortest / 4, milliseconds(5), milliseconds(1000)));
  sweep_timer_.async_wait([this](error_code ec) {
    sweeping_ = false;
    if (!ec) Sweep();
  });
}

void IoThread::Sweep() {
  const auto now = std::chrono::steady_clock::now();
  const bool contended = state_.budget.contended();
  for (const auto& connection : connections_) {
    if (connection->Overdue(now, contended)) connection->Abort();
  }
  if (deadlines_ > 0) StartSweep();
}

}  // namespace embd::http
