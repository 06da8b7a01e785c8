#include "server/http/connection.h"

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "server/http/duration_text.h"
#include "server/http/replies.h"
#include "server/http/request_id.h"
#include "server/http/response_head.h"

namespace embd::http {
namespace {

using std::chrono::steady_clock;

asio::generic::stream_protocol ProtocolOf(int socket) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return {family, 0};
}

Response InternalError(steady_clock::time_point start) {
  Response response = ErrorReply({.kind = ErrorKind::kBackend, .message = "Internal error"},
                                 steady_clock::now() - start);
  response.status = 500;
  return response;
}

// Where a handler's answer is put, on the connection's thread. Shared with the handler's callback,
// which a handler that failed may have left somewhere.
struct Mailbox {
  Event* arrived = nullptr;  // null: nobody waits any more
  std::function<Response()> make;
  std::atomic<bool> called{false};
};

Respond RespondTo(const std::shared_ptr<Mailbox>& mailbox, const Executor& executor) {
  return [mailbox, executor](std::function<Response()> make) {
    mailbox->called.store(true, std::memory_order_relaxed);
    asio::post(executor, [mailbox, make = std::move(make)]() mutable {
      if (mailbox->arrived == nullptr) return;
      mailbox->make = std::move(make);
      mailbox->arrived->Set();
    });
  };
}

// The fences for whatever a handler throws.
bool Call(Handler handler, Request& request, const Context& context, const Respond& respond) {
  try {
    handler(request, context, respond);
    return true;
  } catch (...) {
    return false;
  }
}

Response Make(const std::function<Response()>& make, steady_clock::time_point start) {
  try {
    return make();
  } catch (...) {
    return InternalError(start);
  }
}

}  // namespace

struct Connection::Turn {
  RequestHead head;
  steady_clock::time_point start;
  bool keep_alive = true;
  bool body_unread = false;  // the client may still be sending it
};

Connection::Connection(IoThread& thread, int socket, LogAnswers log_answers)
    : thread_(thread),
      state_(thread.state()),
      socket_(thread.context().get_executor()),
      log_answers_(log_answers),
      lease_(state_.budget),
      wake_(thread.context().get_executor()) {
  socket_.assign(ProtocolOf(socket), socket);
}

void Connection::Drain() {
  error_code ignored;
  if (idle_) socket_.cancel(ignored);
}

void Connection::Abort() {
  aborted_ = true;
  cancellation_.Cancel();
  error_code ignored;
  socket_.close(ignored);
  wake_.Set();
}

bool Connection::Overdue(TimePoint now, bool contended) const {
  if (deadline_ == TimePoint::max()) return false;
  if (now >= deadline_) return true;
  return contended && now - progress_ > state_.options.contended_timeout;
}

Awaitable<void> Connection::Run() {
  while (co_await WaitForRequest()) {
    Turn turn;
    if (!co_await Serve(turn)) break;
    KeepOnlyInput();
  }
  ClearDeadline();
  Abort();
}

Awaitable<bool> Connection::WaitForRequest() {
  while (input_.empty()) {
    if (thread_.draining()) co_return RequestHasArrived();
    idle_ = true;
    const bool readable = co_await WaitFor(Interest::kRead);
    idle_ = false;
    if (readable) co_return true;
    if (aborted_ || !thread_.draining()) co_return false;
  }
  co_return true;
}

Awaitable<bool> Connection::Serve(Turn& turn) {
  SetDeadline(state_.options.io_timeout);
  if (!co_await ReadHead(turn.head)) co_return false;
  turn.start = steady_clock::now();
  turn.keep_alive = turn.head.keep_alive;
  Response response = co_await Answer(turn);
  if (aborted_) co_return false;
  LogAnswer(response, turn.head.request.request_id);
  if (thread_.draining()) turn.keep_alive = false;
  const bool written = co_await WriteAnswer(turn, std::move(response));
  if (written && turn.body_unread) co_await Linger();
  co_return written&& turn.keep_alive;
}

Awaitable<bool> Connection::ReadHead(RequestHead& head) {
  HeadScanner scanner;
  while (true) {
    // Empty lines before a request are passed over.
    while (scanner.length() == 0 && !input_.empty() &&
           (input_.view().front() == '\r' || input_.view().front() == '\n')) {
      input_.Consume(1);
    }
    switch (scanner.Scan(input_.view())) {
      case HeadScanner::Status::kComplete: {
        const int refused = ParseHead(input_.view().substr(0, scanner.length()), head);
        if (refused != 0) co_return co_await RefuseHead(refused);
        input_.Consume(scanner.length());
        if (!IsUsableRequestId(head.request.request_id)) head.request.request_id = MakeRequestId();
        co_return true;
      }
      case HeadScanner::Status::kBad:
        co_return co_await RefuseHead(400);
      case HeadScanner::Status::kTooLarge:
        co_return co_await RefuseHead(431);
      case HeadScanner::Status::kIncomplete:
        if (!co_await FillInput()) co_return false;
    }
  }
}

// What cannot be understood is answered without a body, and nothing after it is read.
Awaitable<bool> Connection::RefuseHead(int status) {
  const std::string bytes = WriteHead(EmptyReply(status), {.http11 = true, .keep_alive = false});
  if (co_await Send(bytes, {})) co_await Linger();
  co_return false;
}

Awaitable<Response> Connection::Answer(Turn& turn) {
  Request& request = turn.head.request;
  Router::Decision decision = state_.router.Decide(request);
  const bool wanted = decision.route != nullptr && decision.route->method == Method::kPost;
  if (turn.head.has_body() && !wanted && turn.head.expects_continue) {
    turn.body_unread = true;  // it need not be sent at all
    turn.keep_alive = false;
  } else if (turn.head.has_body()) {
    const BodyStatus status =
        co_await ReadBody(turn.head, request.body, wanted ? BodyUse::kKeep : BodyUse::kDiscard);
    if (status != BodyStatus::kWhole) {
      turn.body_unread = true;
      turn.keep_alive = false;
    }
    if (wanted && status == BodyStatus::kTooLarge) {
      co_return TextReply(413, "Failed to buffer the request body: length limit exceeded");
    }
    if (wanted && status == BodyStatus::kBroken) {
      co_return TextReply(
          400, "Failed to buffer the request body: error reading a body from connection");
    }
  }
  if (decision.answer) co_return *std::move(decision.answer);
  ClearDeadline();
  co_return co_await Compute(*decision.route, turn);
}

Awaitable<Response> Connection::Compute(const Route& route, Turn& turn) {
  cancellation_ = Cancellation();
  wake_.Reset();
  const auto mailbox = std::make_shared<Mailbox>();
  mailbox->arrived = &wake_;
  const Context context = {
      .service = state_.service, .cancellation = cancellation_, .start = turn.start};
  const Respond respond = RespondTo(mailbox, thread_.context().get_executor());
  if (!Call(route.handler, turn.head.request, context, respond)) {
    mailbox->arrived = nullptr;
    co_return InternalError(turn.start);
  }
  if (!mailbox->called.load(std::memory_order_relaxed)) {
    probe_allowed_ = turn.head.http11;
    StartWatching();
  }
  while (!mailbox->make) {
    co_await wake_.Wait();
    wake_.Reset();
  }
  StopWatching();
  mailbox->arrived = nullptr;
  if (aborted_) co_return EmptyReply(500);  // nobody reads it
  co_return Make(mailbox->make, turn.start);
}

Awaitable<bool> Connection::WriteAnswer(const Turn& turn, Response response) {
  state_.router.AddCors(turn.head.request, response);
  response.headers.emplace_back("x-request-id", turn.head.request.request_id);
  const std::string head =
      WriteHead(response, {.http11 = turn.head.http11, .keep_alive = turn.keep_alive});
  const bool head_only = turn.head.request.method == "HEAD";
  // The request's texts are gone; what is left is the answer.
  KeepOnlyInput();
  lease_.Charge(head.capacity() + response.body.capacity());
  SetDeadline(state_.options.io_timeout);
  const bool sent = co_await Send(head, head_only ? std::string_view() : response.body);
  ClearDeadline();
  co_return sent;
}

void Connection::LogAnswer(const Response& response, const std::string& request_id) const {
  if (!response.record || log_answers_ == LogAnswers::kNo) return;
  const AccessRecord& record = *response.record;
  if (!record.error.empty()) {
    if (state_.log.Enabled(LogLevel::kError))
      state_.log.Error(record.error, {{"request_id", request_id}});
  } else if (state_.log.Enabled(LogLevel::kInfo)) {
    state_.log.Info("Success", {{"total_time", DurationText(record.total)},
                                {"tokenization_time", DurationText(record.compute.tokenization)},
                                {"queue_time", DurationText(record.compute.queue)},
                                {"inference_time", DurationText(record.compute.inference)},
                                {"request_id", request_id}});
  }
}

}  // namespace embd::http
