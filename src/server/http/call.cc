#include "server/http/call.h"

#include <atomic>
#include <utility>

#include "server/http/duration_text.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

using std::chrono::steady_clock;

Response InternalError(steady_clock::time_point start) {
  Response response = ErrorReply({.kind = ErrorKind::kBackend, .message = "Internal error"},
                                 steady_clock::now() - start);
  response.status = 500;
  return response;
}

// What no handler has dealt with, so that every request that failed is found by its id.
void LogRefusal(Log& log, int status, const Request& request) {
  if (status < 400) return;
  constexpr std::size_t kMostShown = 200;  // of what the client has chosen
  log.Write(LogLevel::kInfo, "Refused",
            {{"request_id", request.request_id},
             {"status", std::to_string(status)},
             {"method", request.method.substr(0, kMostShown)},
             {"path", request.path.substr(0, kMostShown)}});
}

}  // namespace

// Where a handler's answer is put. Shared with the handler's callback, which a handler that failed
// may have left somewhere.
struct Call::Mailbox final : Inbox::Item {
  void Arrive() override {
    const std::shared_ptr<Mailbox> keep = std::move(self);
    if (call == nullptr) return;
    call->make_ = std::move(make);
    call->pending_ = false;
    const std::function<void()> answered = call->answered_;
    answered();  // which may end the call
  }

  Call* call = nullptr;  // null: nobody waits any more
  std::atomic<bool> responded{false};
  std::function<Response()> make;
  std::shared_ptr<Mailbox> self;  // on the way to the thread
};

Call::Call(IoThread& thread, std::function<void()> answered)
    : thread_(thread), answered_(std::move(answered)) {}

Call::~Call() {
  if (mailbox_ != nullptr) mailbox_->call = nullptr;
}

// The fences for whatever a handler throws stand here and in Take.
bool Call::Start(const Route& route, Request& request, steady_clock::time_point start) {
  start_ = start;
  cancellation_ = Cancellation();
  mailbox_ = std::make_shared<Mailbox>();
  mailbox_->call = this;
  pending_ = true;
  const Respond respond = [mailbox = mailbox_,
                           &inbox = thread_.inbox()](std::function<Response()> make) {
    if (mailbox->responded.exchange(true, std::memory_order_relaxed)) return;
    mailbox->make = std::move(make);
    mailbox->self = mailbox;
    inbox.Push(*mailbox);
  };
  const ServerState& state = thread_.state();
  span_ = Chosen(route.operation, state.service.info()).span;
  const Context context = {.service = state.service,
                           .cancellation = cancellation_,
                           .start = start,
                           .api_document = state.api_document};
  thread_.inbox().LookBeforeWaiting();
  try {
    route.operation.handle(request, context, respond);
    return true;
  } catch (...) {
    mailbox_->call = nullptr;
    pending_ = false;
    make_ = [start] { return InternalError(start); };
    return false;
  }
}

bool Call::responded() const { return mailbox_->responded.load(std::memory_order_relaxed); }

Response Call::Take() {
  Response response;
  try {
    response = std::exchange(make_, nullptr)();
  } catch (...) {
    response = InternalError(start_);
  }
  if (response.record) response.record->span = span_;
  return response;
}

bool TakesBody(const Router::Decision& decision) {
  return decision.route != nullptr && decision.route->method == Method::kPost;
}

Response BodyTooLarge() {
  return TextReply(413, "Failed to buffer the request body: length limit exceeded");
}

Response BodyBroken() {
  return TextReply(400, "Failed to buffer the request body: error reading a body from connection");
}

void AddCommonHeaders(const ServerState& state, const Request& request, Response& response) {
  state.router.AddCors(request, response);
  response.headers.emplace_back("x-request-id", request.request_id);
}

void LogAnswer(ServerState& state, const Response& response, const Request& request) {
  const std::string& request_id = request.request_id;
  if (!response.record) return LogRefusal(state.log, response.status, request);
  const AccessRecord& record = *response.record;
  if (!record.error.empty()) {
    return state.log.Write(LogLevel::kError, record.error, {{"request_id", request_id}},
                           {record.span});
  }
  if (!state.log.Enabled(LogLevel::kInfo)) return;
  const LogField times[] = {{"total_time", DurationText(record.total)},
                            {"tokenization_time", DurationText(record.compute.tokenization)},
                            {"queue_time", DurationText(record.compute.queue)},
                            {"inference_time", DurationText(record.compute.inference)}};
  state.log.Write(LogLevel::kInfo, "Success", {{"request_id", request_id}}, {record.span, times});
}

}  // namespace embd::http
