#include "server/http/connection.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

#include "server/http/http1.h"
#include "server/http/http2.h"

namespace embd::http {
namespace {

constexpr std::chrono::milliseconds kHandshake{10'000};

}  // namespace

Connection::Connection(IoThread& thread, std::unique_ptr<Stream> stream, LogAnswers log_answers)
    : wire_(thread, std::move(stream), log_answers) {}

Awaitable<void> Connection::Run() {
  wire_.SetOwner(weak_from_this());
  const bool shaken = co_await ShakeHands();
  Spoken spoken = Spoken::kNothing;
  if (shaken) spoken = co_await Listen();
  if (spoken != Spoken::kNothing) protocol_ = Make(spoken);
  if (protocol_ != nullptr) {
    co_await protocol_->Run();
  } else if (spoken == Spoken::kHttp2) {
    co_await Http2::TurnAway(wire_);
  }
  if (!wire_.aborted()) wire_.stream().EndSending();
  wire_.ClearDeadline();
  Abort();
}

// Only TLS has anything to do here. It takes time of this thread and memory, so that only so many
// clients may be at it, and not for long.
Awaitable<bool> Connection::ShakeHands() {
  if (!wire_.stream().shakes_hands()) co_return true;
  std::atomic<std::size_t>& count = wire_.state().handshakes;
  bool shaken = false;
  if (count.fetch_add(1, std::memory_order_relaxed) < kMaxHandshakes) {
    wire_.SetDeadline(std::min(kHandshake, wire_.state().options.io_timeout));
    shaken = co_await wire_.Handshake();
    wire_.ClearDeadline();
  }
  count.fetch_sub(1, std::memory_order_relaxed);
  co_return shaken;
}

// HTTP/2 begins with words that no HTTP/1.1 request begins with.
Awaitable<Connection::Spoken> Connection::Listen() {
  bool more = co_await wire_.WaitForInput();
  wire_.SetDeadline(wire_.state().options.io_timeout);
  while (more) {
    const std::string_view input = wire_.input().view().substr(0, kHttp2Preface.size());
    if (input != kHttp2Preface.substr(0, input.size())) co_return Spoken::kHttp1;
    if (input.size() == kHttp2Preface.size()) co_return Spoken::kHttp2;
    more = co_await wire_.Fill();
  }
  // What has come is no request, and nothing more will.
  co_return wire_.input().empty() ? Spoken::kNothing : Spoken::kHttp1;
}

std::unique_ptr<Protocol> Connection::Make(Spoken spoken) {
  if (spoken == Spoken::kHttp1) return std::make_unique<Http1>(wire_);
  ServerState& state = wire_.state();
  std::atomic<std::size_t>& count = state.http2_connections;
  if (count.fetch_add(1, std::memory_order_relaxed) < state.options.max_http2_connections) {
    return std::make_unique<Http2>(wire_);
  }
  count.fetch_sub(1, std::memory_order_relaxed);
  return nullptr;
}

bool Connection::Overdue(Wire::TimePoint now, bool contended) {
  return protocol_ != nullptr ? protocol_->Overdue(now, contended) : wire_.Overdue(now, contended);
}

void Connection::Drain() {
  if (protocol_ != nullptr) return protocol_->Drain();
  wire_.Drain();
}

void Connection::Abort() {
  wire_.Abort();
  if (protocol_ != nullptr) protocol_->Cancel();
}

}  // namespace embd::http
