#include "server/http/wire.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace embd::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kFirstInput = 4096;
// Given to everyone, so that a probe for health is answered while others wait for the budget.
constexpr std::size_t kLeastInput = 1024;

}  // namespace

Wire::Wire(IoThread& thread, std::unique_ptr<Stream> stream, LogAnswers log_answers)
    : thread_(thread),
      state_(thread.state()),
      stream_(std::move(stream)),
      log_answers_(log_answers),
      lease_(state_.budget) {}

void Wire::SetDeadline(std::chrono::milliseconds after) {
  progress_ = steady_clock::now();
  if (deadline_ == TimePoint::max()) thread_.DeadlineSet();
  deadline_ = progress_ + after;
}

void Wire::KeepDeadline(std::chrono::milliseconds after) {
  if (deadline_ > steady_clock::now() + after) SetDeadline(after);
}

void Wire::ClearDeadline() {
  if (deadline_ != TimePoint::max()) thread_.DeadlineCleared();
  deadline_ = TimePoint::max();
}

bool Wire::Overdue(TimePoint now, bool contended) const {
  if (deadline_ == TimePoint::max()) return false;
  if (now >= deadline_) return true;
  return contended && now - progress_ > state_.options.contended_timeout;
}

void Wire::Drain() {
  error_code ignored;
  if (idle_) stream_->socket().cancel(ignored);
}

void Wire::Abort() {
  aborted_ = true;
  error_code ignored;
  stream_->socket().close(ignored);
  wake_.Set();
}

void Wire::KeepOnlyInput() {
  if (input_.empty()) {
    ByteQueue& spare = thread_.spare_input();
    if (input_.capacity() == kFirstInput && spare.capacity() == 0) std::swap(input_, spare);
    input_.Release();
  }
  const std::size_t held = lease_.bytes();
  if (held > input_.capacity()) lease_.Shrink(held - input_.capacity());
}

Awaitable<bool> Wire::WaitForInput() {
  while (input_.empty()) {
    if (stream_->holds_input()) co_return true;
    if (thread_.draining()) co_return stream_->HasArrived();
    idle_ = true;
    const bool readable = co_await WaitFor(Interest::kRead);
    idle_ = false;
    if (readable) co_return true;
    if (aborted_ || !thread_.draining()) co_return false;
  }
  co_return true;
}

// Signing takes a millisecond with some keys: who is connected already goes on in between.
Stream::Moved Wire::HandshakeOnce() {
  const Turns::Turn turn(thread_.handshakes());
  return stream_->Handshake();
}

Awaitable<bool> Wire::Handshake() {
  while (!aborted_) {
    const bool my_turn = co_await thread_.handshakes().Wait(wake_, [this] { return aborted_; });
    if (!my_turn) break;
    const Stream::Moved moved = HandshakeOnce();
    if (moved.status == Stream::Status::kDone) co_return true;
    if (moved.status == Stream::Status::kEnd || moved.status == Stream::Status::kBroken) break;
    const bool ready = co_await WaitFor(InterestOf(moved.status));
    if (!ready) break;
  }
  co_return false;
}

void Wire::AskForInput() {
  if (input_asked_for_) return;
  input_asked_for_ = true;
  stream_->socket().async_wait(Socket::wait_read, [this, alive = alive()](error_code ec) {
    input_asked_for_ = false;
    input_failed_ = static_cast<bool>(ec);
    input_ready_.Set();
    if (on_input_ && !ec && !aborted_) std::exchange(on_input_, nullptr)();
  });
}

void Wire::WatchInput(std::function<void()> readable) {
  on_input_ = std::move(readable);
  if (on_input_) AskForInput();
}

Awaitable<bool> Wire::WaitFor(Interest interest) {
  error_code ec;
  if (interest == Interest::kRead) {
    input_ready_.Reset();
    AskForInput();
    co_await input_ready_.Wait();
    co_return !input_failed_ && !aborted_;
  }
  co_await stream_->socket().async_wait(Socket::wait_write, asio::redirect_error(kAwait, ec));
  co_return !ec && !aborted_;
}

Awaitable<bool> Wire::Take(std::size_t bytes) {
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

void Wire::MakeRoom() {
  if (input_.capacity() > 0) return;
  const bool usual = lease_.TryGrow(kFirstInput);
  if (!usual) lease_.Charge(kLeastInput);
  if (usual) std::swap(input_, thread_.spare_input());
  input_.Reserve(usual ? kFirstInput : kLeastInput);
}

Awaitable<bool> Wire::Fill() {
  MakeRoom();
  if (input_.free_size() == 0) {
    const std::size_t capacity = 2 * input_.capacity();
    if (!co_await Take(capacity - input_.capacity())) co_return false;
    input_.Reserve(capacity);
  }
  while (!aborted_) {
    const Stream::Moved got = stream_->Receive(input_.free_begin(), input_.free_size());
    if (got.status == Stream::Status::kDone) {
      input_.Commit(got.bytes);
      progress_ = steady_clock::now();
      co_return true;
    }
    if (got.status == Stream::Status::kEnd || got.status == Stream::Status::kBroken) break;
    const bool ready = co_await WaitFor(InterestOf(got.status));
    if (!ready) break;
  }
  co_return false;
}

Awaitable<bool> Wire::Send(std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    if (aborted_) co_return false;
    const Stream::Moved sent = stream_->Send(first, second);
    if (sent.status == Stream::Status::kDone) {
      const std::size_t of_first = std::min(sent.bytes, first.size());
      first.remove_prefix(of_first);
      second.remove_prefix(sent.bytes - of_first);
      progress_ = steady_clock::now();
      continue;
    }
    if (sent.status == Stream::Status::kEnd || sent.status == Stream::Status::kBroken) {
      co_return false;
    }
    const bool ready = co_await WaitFor(InterestOf(sent.status));
    if (!ready) co_return false;
  }
  co_return true;
}

Awaitable<void> Wire::Linger() {
  constexpr std::chrono::milliseconds kLonger{2'000};
  SetDeadline(std::min(kLonger, state_.options.io_timeout));
  stream_->EndSending();
  do {
    input_.Consume(input_.size());
  } while (co_await Fill());
  ClearDeadline();
}

}  // namespace embd::http
