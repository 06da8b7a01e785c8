#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/http/buffer_budget.h"
#include "server/http/call.h"
#include "server/http/message.h"
#include "server/http/router.h"

namespace embd::http {

class Http2;

// Bytes that a stream keeps beside its longer headers, its body and its answer, measured at 1.3 kB.
// They are part of the budget of all connections.
inline constexpr std::size_t kHttp2StreamBytes = 1400;

// One request and its answer on one stream of an HTTP/2 connection. Lives until the stream has
// closed, the handler has answered and nothing is asked of the budget any more.
class Http2Exchange {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Http2Exchange(Http2& connection, std::int32_t stream);
  ~Http2Exchange();
  Http2Exchange(const Http2Exchange&) = delete;
  Http2Exchange& operator=(const Http2Exchange&) = delete;

  // The request as it comes. False: the stream must be refused, memory is short.
  bool OnHeader(std::string_view name, std::string_view value);
  void OnHeadEnd();
  void OnData(std::string_view data);
  void OnEnd();
  // The stream is no more, for whatever reason.
  void OnClosed();

  // The next part of the answer's body, at most `size` bytes.
  std::size_t ReadAnswer(char* to, std::size_t size, bool& last);
  bool request_ended() const { return request_ended_; }

  // Whether it is let send nothing more until the budget has room.
  bool stalled() const { return asked_; }
  void Cancel() { call_.Cancel(); }
  bool done() const { return closed_ && !call_.pending() && !asked_; }
  // Whether the client has let too much time pass.
  bool Overdue(TimePoint now, bool contended) const;

 private:
  enum class BodyUse : std::uint8_t { kUndecided, kKeep, kDiscard };

  void KeepHeader(std::string& field, std::string_view value);
  void Store(std::string_view data);
  void AskBudget(std::size_t bytes);
  void TurnAway();
  void Granted();
  void Consume(std::size_t bytes);
  void Compute();
  void OnAnswered();
  void Answer(Response response);
  void Submit(const Response& response);
  void SetDeadline();
  void ClearDeadline();

  Http2& connection_;
  ServerState& state_;
  const std::int32_t stream_;
  const TimePoint begin_;
  Request request_;
  std::size_t header_bytes_ = 0;
  std::size_t headers_ = 0;
  std::uint64_t content_length_ = 0;
  bool expects_continue_ = false;
  bool memory_short_ = false;

  BodyUse body_use_ = BodyUse::kUndecided;
  Router::Decision decision_;
  BufferLease lease_;
  BufferBudget::Waiter waiter_;
  bool asked_ = false;              // the waiter stands in line, or its grant is on the way
  std::size_t unacknowledged_ = 0;  // bytes that came and that no window is opened for yet
  bool request_ended_ = false;

  Call call_;
  bool answered_ = false;
  bool closed_ = false;
  Response response_;
  std::size_t read_ = 0;  // of the answer's body
  TimePoint deadline_ = TimePoint::max();
  TimePoint progress_{};
};

}  // namespace embd::http
