#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "server/http/buffer_budget.h"
#include "server/http/byte_queue.h"
#include "server/http/io_thread.h"
#include "server/http/stream.h"

namespace embd::http {

enum class Interest : std::uint8_t { kRead, kWrite };

// What a stream waits for that could not go on: kWantsRead or kWantsWrite.
inline Interest InterestOf(Stream::Status status) {
  return status == Stream::Status::kWantsRead ? Interest::kRead : Interest::kWrite;
}

// What a protocol sees of its connection: bytes that came, bytes to send, the share of the budget
// that its buffers take, and how long the client may keep it waiting. One thread. Where a bool is
// awaited, false means: the connection is broken, at its end or aborted.
class Wire {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Wire(IoThread& thread, std::unique_ptr<Stream> stream, LogAnswers log_answers);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  IoThread& thread() { return thread_; }
  ServerState& state() { return state_; }
  Stream& stream() { return *stream_; }
  LogAnswers log_answers() const { return log_answers_; }
  ByteQueue& input() { return input_; }  // received and not yet used
  BufferLease& lease() { return lease_; }
  // Wakes the connection's coroutine.
  Event& wake() { return wake_; }
  // Has `readable` called, once, when there is something to receive, while the connection's
  // coroutine waits for something else; nullptr: not any more. Not after Abort.
  void WatchInput(std::function<void()> readable);
  // Keeps the connection while a handler that was given to the event loop refers to it.
  std::shared_ptr<const void> alive() const { return owner_.lock(); }
  void SetOwner(std::weak_ptr<const void> owner) { owner_ = std::move(owner); }

  Awaitable<bool> Handshake();
  // Waits, holding no buffers, until there is input. False also when there is none and the server
  // drains.
  Awaitable<bool> WaitForInput();
  // Gives the input its first buffer if it has none: the usual one, or the least that everybody may
  // have when the budget has no room.
  void MakeRoom();
  // Receives at least one byte more.
  Awaitable<bool> Fill();
  Awaitable<bool> Send(std::string_view first, std::string_view second);
  // Until the socket is ready, whatever the stream makes of it.
  Awaitable<bool> WaitFor(Interest interest);
  // Takes bytes of the budget, waiting for them if need be.
  Awaitable<bool> Take(std::size_t bytes);
  // Closing while the client still sends would make its kernel throw away the answer unread: says
  // that there will be no more and reads on for a while.
  Awaitable<void> Linger();

  // Gives back all buffers but the part of the next request that is there already.
  void KeepOnlyInput();

  void SetDeadline(std::chrono::milliseconds after);
  // Like it, unless there is a deadline within that time already.
  void KeepDeadline(std::chrono::milliseconds after);
  void ClearDeadline();
  // Bytes moved: the client is not idle.
  void Progress() { progress_ = std::chrono::steady_clock::now(); }
  // Whether the client has let too much time pass; `contended`: others wait for buffers.
  bool Overdue(TimePoint now, bool contended) const;

  // Ends the wait for input, if there is one.
  void Drain();
  // From now on nothing is received or sent.
  void Abort();
  bool aborted() const { return aborted_; }

 private:
  void AskForInput();
  Stream::Moved HandshakeOnce();

  IoThread& thread_;
  ServerState& state_;
  const std::unique_ptr<Stream> stream_;
  const LogAnswers log_answers_;
  std::weak_ptr<const void> owner_;
  ByteQueue input_;
  BufferLease lease_;
  Event wake_;
  // The kernel is asked once for the next input, whether a coroutine or a watch is the first to
  // wait for it, and not told when one of them no longer does.
  bool input_asked_for_ = false;
  bool input_failed_ = false;
  Event input_ready_;
  std::function<void()> on_input_;  // if it is not the coroutine that waits
  TimePoint deadline_ = TimePoint::max();
  TimePoint progress_{};  // when bytes last moved
  bool idle_ = false;
  bool aborted_ = false;
};

}  // namespace embd::http
