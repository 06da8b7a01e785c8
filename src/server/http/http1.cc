#include "server/http/http1.h"

#include <utility>

#include "server/http/replies.h"
#include "server/http/request_id.h"
#include "server/http/response_head.h"

namespace embd::http {

using std::chrono::steady_clock;

struct Http1::Turn {
  RequestHead head;
  steady_clock::time_point start;
  bool keep_alive = true;
  bool body_unread = false;  // the client may still be sending it
};

Http1::Http1(Wire& wire)
    : wire_(wire), state_(wire.state()), call_(wire.thread(), [&wire] { wire.wake().Set(); }) {}

Awaitable<void> Http1::Run() {
  while (co_await wire_.WaitForInput()) {
    Turn turn;
    if (!co_await Serve(turn)) break;
    wire_.KeepOnlyInput();
  }
}

Awaitable<bool> Http1::Serve(Turn& turn) {
  wire_.SetDeadline(state_.options.io_timeout);
  if (!co_await ReadHead(turn.head)) co_return false;
  turn.start = steady_clock::now();
  turn.keep_alive = turn.head.keep_alive;
  Response response = co_await Answer(turn);
  if (wire_.aborted()) co_return false;
  if (wire_.thread().draining()) turn.keep_alive = false;
  const bool written = co_await WriteAnswer(turn, response);
  // Afterwards, so that the client does not wait for the line to be written.
  if (wire_.log_answers() == LogAnswers::kYes) {
    LogAnswer(state_, response, turn.head.request);
  }
  if (written && turn.body_unread) co_await wire_.Linger();
  co_return written&& turn.keep_alive;
}

Awaitable<bool> Http1::ReadHead(RequestHead& head) {
  HeadScanner scanner;
  while (true) {
    // Empty lines before a request are passed over.
    while (scanner.length() == 0 && !wire_.input().empty() &&
           (wire_.input().view().front() == '\r' || wire_.input().view().front() == '\n')) {
      wire_.input().Consume(1);
    }
    switch (scanner.Scan(wire_.input().view())) {
      case HeadScanner::Status::kComplete: {
        const int refused = ParseHead(wire_.input().view().substr(0, scanner.length()), head);
        if (refused != 0) co_return co_await RefuseHead(refused);
        wire_.input().Consume(scanner.length());
        if (!IsUsableRequestId(head.request.request_id)) head.request.request_id = MakeRequestId();
        co_return true;
      }
      case HeadScanner::Status::kBad:
        co_return co_await RefuseHead(400);
      case HeadScanner::Status::kTooLarge:
        co_return co_await RefuseHead(431);
      case HeadScanner::Status::kIncomplete:
        if (!co_await wire_.Fill()) co_return false;
    }
  }
}

// What cannot be understood is answered without a body, and nothing after it is read.
Awaitable<bool> Http1::RefuseHead(int status) {
  Request unknown;
  unknown.request_id = MakeRequestId();
  Response response = EmptyReply(status);
  response.headers = {{"x-request-id", unknown.request_id}};
  if (wire_.log_answers() == LogAnswers::kYes) LogAnswer(state_, response, unknown);
  const std::string bytes = WriteHead(response, {.http11 = true, .keep_alive = false});
  if (co_await wire_.Send(bytes, {})) co_await wire_.Linger();
  co_return false;
}

Awaitable<Response> Http1::Answer(Turn& turn) {
  Request& request = turn.head.request;
  Router::Decision decision = state_.router.Decide(request);
  const bool wanted = TakesBody(decision);
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
      co_return BodyTooLarge();
    }
    if (wanted && status == BodyStatus::kBroken) {
      co_return BodyBroken();
    }
  }
  if (decision.answer) co_return *std::move(decision.answer);
  wire_.ClearDeadline();
  co_return co_await Compute(*decision.route, turn);
}

Awaitable<Response> Http1::Compute(const Route& route, Turn& turn) {
  wire_.wake().Reset();
  const bool started = call_.Start(route, turn.head.request, turn.start);
  if (started && !call_.responded()) {
    probe_allowed_ = turn.head.http11;
    StartWatching();
  }
  while (call_.pending()) {
    co_await wire_.wake().Wait();
    wire_.wake().Reset();
  }
  StopWatching();
  if (wire_.aborted()) co_return EmptyReply(500);  // nobody reads it
  co_return call_.Take();
}

Awaitable<bool> Http1::WriteAnswer(const Turn& turn, Response& response) {
  AddCommonHeaders(state_, turn.head.request, response);
  const std::string head =
      WriteHead(response, {.http11 = turn.head.http11, .keep_alive = turn.keep_alive});
  const bool head_only = turn.head.request.method == "HEAD";
  // The request's texts are gone; what is left is the answer.
  wire_.KeepOnlyInput();
  wire_.lease().Charge(head.capacity() + response.body.capacity());
  wire_.SetDeadline(state_.options.io_timeout);
  const bool sent = co_await wire_.Send(head, head_only ? std::string_view() : response.body);
  wire_.ClearDeadline();
  response.body = std::string();
  co_return sent;
}

}  // namespace embd::http
