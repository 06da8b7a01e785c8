#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "engine/cancellation.h"
#include "server/http/io_thread.h"
#include "server/http/message.h"
#include "server/http/routes.h"
#include "server/http/server_state.h"

namespace embd::http {

// One request in the hands of its handler, whatever the protocol that brought it. Lives on one
// thread, and, once started, until the answer is there: the service may still look at what the
// handler gave it.
class Call {
 public:
  // `answered` is called on the thread when the answer is there, unless the handler fails at once;
  // not after the call's end.
  Call(IoThread& thread, std::function<void()> answered);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // May take what it needs out of the request. False: the handler has failed, Take() tells how.
  bool Start(const Route& route, Request& request, std::chrono::steady_clock::time_point start);
  // Whether the handler still owes the answer. It does so until `answered`.
  bool pending() const { return pending_; }
  // Whether the answer is already under way to the thread.
  bool responded() const;
  // The answer; once, and not while pending.
  Response Take();

  // Nobody will read the answer. It still comes.
  void Cancel() { cancellation_.Cancel(); }

 private:
  struct Mailbox;

  IoThread& thread_;
  std::function<void()> answered_;
  std::shared_ptr<Mailbox> mailbox_;
  std::function<Response()> make_;
  Cancellation cancellation_;
  std::chrono::steady_clock::time_point start_;
  std::string_view span_;  // of the operation
  bool pending_ = false;
};

// What is the same for every protocol around a call.

// Whether the body of a request that is decided so is read for a handler.
bool TakesBody(const Router::Decision& decision);
Response BodyTooLarge();
Response BodyBroken();
// The headers that every answer to an understood request has.
void AddCommonHeaders(const ServerState& state, const Request& request, Response& response);
// A line in the access log for an answer that a model computed or a service refused, and for every
// other refusal.
void LogAnswer(ServerState& state, const Response& response, const Request& request);

}  // namespace embd::http
