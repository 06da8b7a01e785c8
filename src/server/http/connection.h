#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/cancellation.h"
#include "server/http/buffer_budget.h"
#include "server/http/byte_queue.h"
#include "server/http/io_thread.h"
#include "server/http/request_head.h"

namespace embd::http {

// One client: reads a request, has it answered, writes the answer, and so on, in one coroutine on
// its thread. While idle it holds nothing but its socket.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoThread& thread, int socket, LogAnswers log_answers);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves until the connection ends. Called once; the caller keeps `this` until then.
  Awaitable<void> Run();

  // Ends after the current answer; at once when idle.
  void Drain();
  // Ends now. What the service still owes is waited for.
  void Abort();
  // Whether the client has let too much time pass.
  bool Overdue(std::chrono::steady_clock::time_point now, bool contended) const;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Interest : std::uint8_t { kRead, kWrite, kError };
  enum class BodyUse : std::uint8_t { kKeep, kDiscard };
  enum class BodyStatus : std::uint8_t { kWhole, kTooLarge, kBroken };
  struct Turn;  // one request on its way

  // The steps of one request, in this order (connection.cc). False: the connection ends.
  Awaitable<bool> WaitForRequest();
  Awaitable<bool> Serve(Turn& turn);
  Awaitable<bool> ReadHead(RequestHead& head);
  Awaitable<Response> Answer(Turn& turn);
  Awaitable<Response> Compute(const Route& route, Turn& turn);
  Awaitable<bool> WriteAnswer(const Turn& turn, Response response);
  Awaitable<bool> RefuseHead(int status);
  void LogAnswer(const Response& response, const std::string& request_id) const;

  // Bodies (connection_io.cc).
  Awaitable<BodyStatus> ReadBody(const RequestHead& head, std::string& body, BodyUse use);
  Awaitable<BodyStatus> ReadPlainBody(std::uint64_t length, std::string& body, BodyUse use);
  Awaitable<BodyStatus> ReadChunkedBody(std::string& body, BodyUse use);
  Awaitable<bool> AppendReceived(std::string& body, std::size_t size);

  // Bytes and time (connection_io.cc). False: the connection is broken, at its end or aborted.
  Awaitable<bool> FillInput();
  Awaitable<bool> Send(std::string_view first, std::string_view second);
  Awaitable<bool> WaitFor(Interest interest);
  Awaitable<bool> Take(std::size_t bytes);  // of the budget, waiting for it if need be
  Awaitable<bool> Reserve(std::string& body, std::size_t size);
  Awaitable<void> Linger();
  bool RequestHasArrived();
  void SetDeadline(std::chrono::milliseconds after);
  void ClearDeadline();
  void KeepOnlyInput();

  // Looks out for a client that goes away while its answer is computed (client_watch.cc).
  void StartWatching();
  void StopWatching();
  void Watch(Interest interest);
  void OnReadable();
  void OnError();
  void ProbeHalfClosed();

  IoThread& thread_;
  ServerState& state_;
  Socket socket_;
  const LogAnswers log_answers_;
  ByteQueue input_;  // received and not yet used
  BufferLease lease_;
  Event wake_;
  TimePoint deadline_ = TimePoint::max();
  TimePoint progress_{};  // when bytes last moved
  bool idle_ = false;
  bool aborted_ = false;

  Cancellation cancellation_;   // of the request being computed
  std::uint32_t watch_ = 0;     // number of the current watch; odd while watching
  bool probe_allowed_ = false;  // the client understands interim answers
};

}  // namespace embd::http
