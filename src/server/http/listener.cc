#include "server/http/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <future>

#include "base/load_error.h"
#include "server/http/http_server_impl.h"
#include "server/http/socket_file.h"

namespace embd::http {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor>;

constexpr int kBacklog = 1024;
// How long to wait when the process has no descriptor or memory for another connection.
constexpr std::chrono::milliseconds kPause{100};

int Open(const TcpAddress& at, error_code& ec) {
  const asio::ip::address address = asio::ip::make_address(at.address, ec);
  if (ec) return -1;
  const asio::ip::tcp::endpoint endpoint(address, at.port);
  const int socket = ::socket(endpoint.protocol().family(),
                              SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  const int on = 1;
  const bool opened =
      socket >= 0 && ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
      ::bind(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 &&
      ::listen(socket, kBacklog) == 0;
  if (opened) return socket;
  ec.assign(errno, boost::system::system_category());
  if (socket >= 0) ::close(socket);
  return -1;
}

int OpenOrThrow(const TcpAddress& at) {
  error_code ec;
  const int socket = Open(at, ec);
  if (!ec) return socket;
  throw LoadError({.path = at.address + ", port " + std::to_string(at.port),
                   .expected = "an address and a port to listen on",
                   .found = ec.message(),
                   .hint = "see --hostname and --port"});
}

int FamilyOf(int socket) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

}  // namespace

struct Listener::Impl {
  // Takes over a listening socket.
  Impl(HttpServer::Impl& server_in, int socket);

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
  std::unique_ptr<SocketFile> file;
};

Listener::Impl::Impl(HttpServer::Impl& server_in, int socket)
    : server(server_in),
      thread(*server.threads.front()),
      acceptor(thread.context().get_executor()),
      pause(thread.context().get_executor()) {
  acceptor.assign({FamilyOf(socket), 0}, socket);
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
      server.Serve(socket, LogAnswers::kYes, file ? Encrypt::kNo : Encrypt::kIfPossible);
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

Listener::Listener(const Warmed& warmed, const TcpAddress& address)
    : impl_(std::make_unique<Impl>(*warmed.server().impl_, OpenOrThrow(address))) {
  asio::post(impl_->thread.context(), [impl = impl_.get()] { impl->AcceptWhenReady(); });
}

Listener::Listener(const Warmed& warmed, const UnixAddress& address) {
  auto file = std::make_unique<SocketFile>(address.path, address.mode, kBacklog);
  impl_ = std::make_unique<Impl>(*warmed.server().impl_, file->descriptor());
  impl_->file = std::move(file);
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
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(impl_->acceptor.native_handle(), generic, &size) != 0) return 0;
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
}

}  // namespace embd::http
