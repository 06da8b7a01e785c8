#include <poll.h>

#include <algorithm>

#include "server/http/http1.h"

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

void Http1::StartWatching() {
  wire_.WatchInput([this] { OnReadable(); });
}

void Http1::StopWatching() {
  wire_.WatchInput(nullptr);
  if (!watches_errors_) return;
  watches_errors_ = false;
  ++error_watch_;
  error_code ignored;
  wire_.stream().socket().cancel(ignored);
}

void Http1::WatchErrors() {
  watches_errors_ = true;
  const auto on_error = [this, alive = wire_.alive(), watch = error_watch_](error_code ec) {
    if (!ec && watch == error_watch_ && !wire_.aborted()) OnError();
  };
  wire_.stream().socket().async_wait(Socket::wait_error, on_error);
}

void Http1::ClientHasGone() {
  wire_.Abort();
  call_.Cancel();
}

// All that is there is received: a stream may hold bytes that the socket no longer knows of.
void Http1::OnReadable() {
  ByteQueue& input = wire_.input();
  while (true) {
    if (input.free_size() == 0) {
      const std::size_t capacity = std::min(kMostAhead, 2 * input.capacity());
      const bool larger = capacity > input.capacity();
      const bool taken = larger && wire_.lease().TryGrow(capacity - input.capacity());
      if (!taken) return WatchErrors();
      input.Reserve(capacity);
    }
    const Stream::Moved got = wire_.stream().Receive(input.free_begin(), input.free_size());
    switch (got.status) {
      case Stream::Status::kDone:
        input.Commit(got.bytes);
        break;
      case Stream::Status::kWantsRead:
        return StartWatching();
      case Stream::Status::kWantsWrite:
        return WatchErrors();
      case Stream::Status::kEnd:
        return ProbeHalfClosed();
      case Stream::Status::kBroken:
        return ClientHasGone();
    }
  }
}

void Http1::OnError() {
  pollfd state = {wire_.stream().socket().native_handle(), 0, 0};
  // Urgent data also wakes; it means nothing and is not waited for again.
  if (::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0) ClientHasGone();
}

void Http1::ProbeHalfClosed() {
  if (wire_.stream().end_means_gone()) return ClientHasGone();
  if (probe_allowed_) {
    const Stream::Moved sent = wire_.stream().Send(kProbe, {});
    const bool part = sent.status == Stream::Status::kDone && sent.bytes < kProbe.size();
    if (part || sent.status == Stream::Status::kBroken) return ClientHasGone();
  }
  WatchErrors();
}

}  // namespace embd::http
