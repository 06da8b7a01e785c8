#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/http/call.h"
#include "server/http/protocol.h"
#include "server/http/request_head.h"
#include "server/http/wire.h"

namespace embd::http {

// HTTP/1.0 and 1.1: reads a request, has it answered, writes the answer, and so on, in one
// coroutine. While idle it holds nothing but its socket.
class Http1 final : public Protocol {
 public:
  explicit Http1(Wire& wire);

  Awaitable<void> Run() override;
  void Drain() override { wire_.Drain(); }
  void Cancel() override { call_.Cancel(); }
  bool Overdue(Wire::TimePoint now, bool contended) override {
    return wire_.Overdue(now, contended);
  }

 private:
  enum class BodyUse : std::uint8_t { kKeep, kDiscard };
  enum class BodyStatus : std::uint8_t { kWhole, kTooLarge, kBroken };
  struct Turn;  // one request on its way

  // The steps of one request, in this order (http1.cc). False: the connection ends.
  Awaitable<bool> Serve(Turn& turn);
  Awaitable<bool> ReadHead(RequestHead& head);
  Awaitable<Response> Answer(Turn& turn);
  Awaitable<Response> Compute(const Route& route, Turn& turn);
  // The body is gone afterwards.
  Awaitable<bool> WriteAnswer(const Turn& turn, Response& response);
  Awaitable<bool> RefuseHead(int status);

  // Bodies (http1_body.cc).
  Awaitable<BodyStatus> ReadBody(const RequestHead& head, std::string& body, BodyUse use);
  Awaitable<BodyStatus> ReadPlainBody(std::uint64_t length, std::string& body, BodyUse use);
  Awaitable<BodyStatus> ReadChunkedBody(std::string& body, BodyUse use);
  Awaitable<bool> AppendReceived(std::string& body, std::size_t size);
  Awaitable<bool> Reserve(std::string& body, std::size_t size);

  // Looks out for a client that goes away while its answer is computed (client_watch.cc).
  void StartWatching();
  void StopWatching();
  void WatchErrors();
  void OnReadable();
  void OnError();
  void ProbeHalfClosed();
  void ClientHasGone();

  Wire& wire_;
  ServerState& state_;
  Call call_;
  bool watches_errors_ = false;
  std::uint32_t error_watch_ = 0;  // its number, by which one that has ended is known
  bool probe_allowed_ = false;     // the client understands interim answers
};

}  // namespace embd::http
