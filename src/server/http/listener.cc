#include "server/http/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <future>

#include "base/load_error.h"
#include "server/http/http_server_impl.h"

namespace embd::http {
namespace {

using Tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

constexpr int kBacklog = 1024;
// How long to wait when the process has no descriptor or memory for another connection.
constexpr std::chrono::milliseconds kPause{100};

[[noreturn]] void Fail(const std::string& address, std::uint16_t port, const error_code& ec) {
  throw LoadError({.path = address + ", port " + std::to_string(port),
                   .expected = "an address and a port to listen on",
                   .found = ec.message(),
                   .hint = "see --hostname and --port"});
}

}  // namespace

struct Listener::Impl {
  Impl(HttpServer::Impl& server_in, const std::string& address, std::uint16_t port);

  void Open(const Tcp::endpoint& endpoint, error_code& ec);
  // In the thread of the acceptor:
  void AcceptWhenReady();
  // All that the kernel has accepted. False: no more can be taken now.
  bool AcceptAll();
  void StopAccepting();

  HttpServer::Impl& server;
  IoThread& thread;
  Acceptor acceptor;
  Timer pause;
  bool stopped = false;
};

Listener::Impl::Impl(HttpServer::Impl& server_in, const std::string& address, std::uint16_t port)
    : server(server_in),
      thread(*server.threads.front()),
      acceptor(thread.context().get_executor()),
      pause(thread.context().get_executor()) {
  error_code ec;
  const asio::ip::address parsed = asio::ip::make_address(address, ec);
  if (!ec) Open({parsed, port}, ec);
  if (ec) Fail(address, port, ec);
}

void Listener::Impl::Open(const Tcp::endpoint& endpoint, error_code& ec) {
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(Acceptor::reuse_address(true), ec);
  if (!ec) acceptor.non_blocking(true, ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(kBacklog, ec);
}

void Listener::Impl::AcceptWhenReady() {
  acceptor.async_wait(Acceptor::wait_read, [this](error_code ec) {
    if (ec || stopped) return;
    if (AcceptAll()) return AcceptWhenReady();
    pause.expires_after(kPause);
    pause.async_wait([this](error_code cancelled) {
      if (!cancelled && !stopped) AcceptWhenReady();
    });
  });
}

bool Listener::Impl::AcceptAll() {
  while (true) {
    const int socket = ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      // So that clients that vanished while idle are noticed some day.
      ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
      server.Serve(socket, LogAnswers::kYes);
      continue;
    }
    if (errno == EAGAIN) return true;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return false;
    // Anything else concerns one connection that is gone already.
    if (errno != EINTR && errno != ECONNABORTED && errno != EPERM && errno != EPROTO) return false;
  }
}

void Listener::Impl::StopAccepting() {
  stopped = true;
  AcceptAll();
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
}

Listener::Listener(const Warmed& warmed, const std::string& address, std::uint16_t port)
    : impl_(std::make_unique<Impl>(*warmed.server().impl_, address, port)) {
  asio::post(impl_->thread.context(), [impl = impl_.get()] { impl->AcceptWhenReady(); });
}

// Without memory to say goodbye with, ending the process is right.
// NOLINTNEXTLINE(bugprone-exception-escape)
Listener::~Listener() {
  // Twice: what was cancelled the first time ends before the second.
  for (const bool first : {true, false}) {
    std::promise<void> ended;
    asio::post(impl_->thread.context(), [&] {
      if (first) impl_->StopAccepting();
      ended.set_value();
    });
    ended.get_future().wait();
  }
}

std::uint16_t Listener::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

}  // namespace embd::http
