#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "server/http/chunk_decoder.h"
#include "server/http/connection.h"

namespace embd::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kFirstInput = 4096;
// Given to everyone, so that a probe for health is answered while others wait for the budget.
constexpr std::size_t kLeastInput = 1024;
constexpr std::size_t kFirstBody = 16384;
constexpr std::size_t kMostAtOnce = 65536;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

void Connection::SetDeadline(std::chrono::milliseconds after) {
  progress_ = steady_clock::now();
  if (deadline_ == TimePoint::max()) thread_.DeadlineSet();
  deadline_ = progress_ + after;
}

void Connection::ClearDeadline() {
  if (deadline_ != TimePoint::max()) thread_.DeadlineCleared();
  deadline_ = TimePoint::max();
}

// Gives back all buffers but the part of the next request that is there already.
void Connection::KeepOnlyInput() {
  if (input_.empty()) input_.Release();
  const std::size_t held = lease_.bytes();
  if (held > input_.capacity()) lease_.Shrink(held - input_.capacity());
}

bool Connection::RequestHasArrived() {
  char byte = 0;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

Awaitable<bool> Connection::WaitFor(Interest interest) {
  Socket::wait_type what = Socket::wait_read;
  if (interest == Interest::kWrite) what = Socket::wait_write;
  if (interest == Interest::kError) what = Socket::wait_error;
  error_code ec;
  co_await socket_.async_wait(what, asio::redirect_error(kAwait, ec));
  co_return !ec && !aborted_;
}

Awaitable<bool> Connection::Take(std::size_t bytes) {
  if (lease_.TryGrow(bytes)) co_return true;
  // Waiting here is not the client's fault.
  ClearDeadline();
  bool granted = false;
  wake_.Reset();
  BufferBudget::Waiter waiter;
  waiter.lease = &lease_;
  waiter.bytes = bytes;
  waiter.granted = [this, &granted] {
    asio::post(thread_.context(), [this, &granted] {
      granted = true;
      wake_.Set();
    });
  };
  state_.budget.Wait(waiter);
  while (!granted) {
    co_await wake_.Wait();
    wake_.Reset();
    if (aborted_ && !granted && state_.budget.Forget(waiter)) break;
  }
  if (aborted_) co_return false;
  SetDeadline(state_.options.io_timeout);
  co_return true;
}

// Receives at least one byte more.
Awaitable<bool> Connection::FillInput() {
  if (input_.capacity() == 0) {
    const bool usual = lease_.TryGrow(kFirstInput);
    if (!usual) lease_.Charge(kLeastInput);
    input_.Reserve(usual ? kFirstInput : kLeastInput);
  } else if (input_.free_size() == 0) {
    const std::size_t capacity = 2 * input_.capacity();
    if (!co_await Take(capacity - input_.capacity())) co_return false;
    input_.Reserve(capacity);
  }
  while (!aborted_) {
    const ssize_t got =
        ::recv(socket_.native_handle(), input_.free_begin(), input_.free_size(), MSG_DONTWAIT);
    if (got > 0) {
      input_.Commit(static_cast<std::size_t>(got));
      progress_ = steady_clock::now();
      co_return true;
    }
    if (got == 0) co_return false;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !co_await WaitFor(Interest::kRead)) co_return false;
  }
  co_return false;
}

Awaitable<bool> Connection::Send(std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    if (aborted_) co_return false;
    // iovec has no const form; nothing is written through it.
    // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast)
    std::array<iovec, 2> parts = {{{const_cast<char*>(first.data()), first.size()},
                                   {const_cast<char*>(second.data()), second.size()}}};
    // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      const auto size = static_cast<std::size_t>(sent);
      const std::size_t of_first = std::min(size, first.size());
      first.remove_prefix(of_first);
      second.remove_prefix(size - of_first);
      progress_ = steady_clock::now();
    } else if (errno == EAGAIN) {
      if (!co_await WaitFor(Interest::kWrite)) co_return false;
    } else if (errno != EINTR) {
      co_return false;
    }
  }
  co_return true;
}

Awaitable<bool> Connection::Reserve(std::string& body, std::size_t size) {
  const std::size_t capacity = body.capacity();
  if (size <= capacity) co_return true;
  const std::size_t larger = std::max(size, std::min(2 * capacity, state_.options.payload_limit));
  const bool taken = co_await Take(larger - capacity);
  if (taken) body.reserve(larger);
  co_return taken;
}

// Moves `size` bytes, which are there, from the input to the body.
Awaitable<bool> Connection::AppendReceived(std::string& body, std::size_t size) {
  const bool reserved = co_await Reserve(body, body.size() + size);
  if (!reserved) co_return false;
  body.append(input_.view().substr(0, size));
  input_.Consume(size);
  co_return true;
}

Awaitable<Connection::BodyStatus> Connection::ReadBody(const RequestHead& head, std::string& body,
                                                       BodyUse use) {
  BodyStatus status = BodyStatus::kTooLarge;
  if (head.expects_continue && head.http11 && input_.empty()) {
    const bool sent = co_await Send(kContinue, std::string_view());
    if (!sent) co_return BodyStatus::kBroken;
  }
  if (head.chunked) {
    status = co_await ReadChunkedBody(body, use);
  } else if (head.content_length <= state_.options.payload_limit) {
    status = co_await ReadPlainBody(head.content_length, body, use);
  }
  co_return status;
}

Awaitable<Connection::BodyStatus> Connection::ReadPlainBody(std::uint64_t length, std::string& body,
                                                            BodyUse use) {
  std::uint64_t missing = length;
  if (use == BodyUse::kKeep) {
    // Room for all of a small body at once; a large one must show that it comes.
    const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(length, kFirstBody));
    if (!co_await Reserve(body, first)) co_return BodyStatus::kBroken;
  }
  while (missing > 0) {
    if (input_.empty() && !co_await FillInput()) co_return BodyStatus::kBroken;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(missing, input_.size()));
    missing -= size;
    if (use == BodyUse::kDiscard) {
      input_.Consume(size);
    } else if (!co_await AppendReceived(body, size)) {
      co_return BodyStatus::kBroken;
    }
    // Large bodies come in larger pieces.
    const bool large = missing > input_.capacity() && input_.capacity() < kMostAtOnce;
    if (large && lease_.TryGrow(kMostAtOnce - input_.capacity())) input_.Reserve(kMostAtOnce);
  }
  co_return BodyStatus::kWhole;
}

Awaitable<Connection::BodyStatus> Connection::ReadChunkedBody(std::string& body, BodyUse use) {
  ChunkDecoder decoder;
  std::size_t total = 0;
  while (!decoder.done()) {
    if (input_.empty() && !co_await FillInput()) co_return BodyStatus::kBroken;
    std::string_view data;
    const std::size_t used = decoder.Next(input_.view(), data);
    if (decoder.bad()) co_return BodyStatus::kBroken;
    total += data.size();
    if (total > state_.options.payload_limit) co_return BodyStatus::kTooLarge;
    if (data.empty() || use == BodyUse::kDiscard) {
      input_.Consume(used);
    } else if (!co_await AppendReceived(body, used)) {
      co_return BodyStatus::kBroken;
    }
  }
  co_return BodyStatus::kWhole;
}

// Closing while the client still sends would make its kernel throw away the answer unread: says
// that there will be no more and reads on for a while.
Awaitable<void> Connection::Linger() {
  constexpr std::chrono::milliseconds kLonger{2'000};
  SetDeadline(std::min(kLonger, state_.options.io_timeout));
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  do {
    input_.Consume(input_.size());
  } while (co_await FillInput());
  ClearDeadline();
}

}  // namespace embd::http
