#include "server/http/connection.h"

#include <utility>

#include "server/http/http1.h"

namespace embd::http {

Connection::Connection(IoThread& thread, std::unique_ptr<Stream> stream, LogAnswers log_answers)
    : wire_(thread, std::move(stream), log_answers) {}

Awaitable<void> Connection::Run() {
  wire_.SetOwner(weak_from_this());
  protocol_ = std::make_unique<Http1>(wire_);
  co_await protocol_->Run();
  wire_.ClearDeadline();
  Abort();
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
