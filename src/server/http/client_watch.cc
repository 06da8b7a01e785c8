#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "server/http/connection.h"

// How a client that has gone away is noticed while its answer is computed. A reset connection says
// so. The end of the client's stream does not: the client may have closed only its sending half and
// wait for the answer. An interim answer tells them apart, since a kernel whose socket is closed
// answers any data with a reset.

namespace embd::http {
namespace {

// Requests that a client sends ahead are kept up to here; the rest stays in the kernel.
constexpr std::size_t kMostAhead = 16384;
constexpr std::string_view kProbe = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

void Connection::StartWatching() {
  ++watch_;
  Watch(Interest::kRead);
}

void Connection::StopWatching() {
  if (watch_ % 2 == 0) return;
  ++watch_;
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::Watch(Interest interest) {
  const auto what = interest == Interest::kRead ? Socket::wait_read : Socket::wait_error;
  socket_.async_wait(what, [self = shared_from_this(), watch = watch_, interest](error_code ec) {
    if (ec || watch != self->watch_ || self->aborted_) return;
    if (interest == Interest::kRead) return self->OnReadable();
    self->OnError();
  });
}

void Connection::OnReadable() {
  if (input_.free_size() == 0) {
    const std::size_t capacity = std::min(kMostAhead, 2 * input_.capacity());
    const bool larger = capacity > input_.capacity();
    if (!larger || !lease_.TryGrow(capacity - input_.capacity())) return Watch(Interest::kError);
    input_.Reserve(capacity);
  }
  const ssize_t got =
      ::recv(socket_.native_handle(), input_.free_begin(), input_.free_size(), MSG_DONTWAIT);
  if (got > 0) {
    input_.Commit(static_cast<std::size_t>(got));
    return Watch(Interest::kRead);
  }
  if (got == 0) return ProbeHalfClosed();
  if (errno == EAGAIN || errno == EINTR) return Watch(Interest::kRead);
  Abort();
}

void Connection::OnError() {
  pollfd state = {socket_.native_handle(), 0, 0};
  // Urgent data also wakes; it means nothing and is not waited for again.
  if (::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0) Abort();
}

void Connection::ProbeHalfClosed() {
  if (probe_allowed_) {
    const ssize_t sent =
        ::send(socket_.native_handle(), kProbe.data(), kProbe.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    const bool whole = sent == static_cast<ssize_t>(kProbe.size());
    if (!whole && (sent > 0 || (errno != EAGAIN && errno != EINTR))) return Abort();
  }
  Watch(Interest::kError);
}

}  // namespace embd::http
