// A call by itself: whatever a handler does, there is one answer, on the connection's thread.

#include "server/http/call.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "server/http/replies.h"
#include "server/http/test_server.h"

namespace embd::http {
namespace {

using std::chrono::steady_clock;
using testing::TestServer;

// What the next call's handler does. Handlers are plain functions.
std::function<void(Request&, const Context&, const Respond&)> g_handle;

const Operation kOperation = {
    .handle = [](Request& request, const Context& context,
                 const Respond& respond) { g_handle(request, context, respond); },
    .span = "test",
    .tag = {},
    .summary = {},
};
const Route kRoute = {Method::kPost, "/test", Access::kOpen, kOperation};

class CallTest : public ::testing::Test {
 protected:
  CallTest() : state_(server_.service(), log_, HttpServerOptions{}), thread_(state_) {}
  void TearDown() override {
    OnThread([this] { call_.reset(); });
    g_handle = nullptr;
  }

  // Runs it on the call's thread and waits for its end.
  template <typename Function>
  std::invoke_result_t<Function> OnThread(Function function) {
    const auto task =
        std::make_shared<std::packaged_task<std::invoke_result_t<Function>()>>(std::move(function));
    auto done = task->get_future();
    asio::post(thread_.context(), [task] { (*task)(); });
    return done.get();
  }

  // Whether the handler will answer.
  bool Start(std::function<void(Request&, const Context&, const Respond&)> handle) {
    g_handle = std::move(handle);
    return OnThread([this] {
      if (!call_) call_.emplace(thread_, [this] { answered_.release(); });
      return call_->Start(kRoute, request_, steady_clock::now());
    });
  }
  Response Take() {
    return OnThread([this] { return call_->Take(); });
  }
  void WaitForAnswer() { answered_.acquire(); }

  TestServer server_{{}, {.level = LogLevel::kOff}};
  Log log_{{.level = LogLevel::kOff}};
  ServerState state_;
  IoThread thread_;
  Request request_;
  std::counting_semaphore<> answered_{0};
  std::optional<Call> call_;
};

TEST_F(CallTest, AnAnswerAtOnceComesAfterStart) {
  ASSERT_TRUE(Start([](Request&, const Context&, const Respond& respond) {
    respond([] { return TextReply(200, "now"); });
  }));
  WaitForAnswer();
  EXPECT_FALSE(OnThread([this] { return call_->pending(); }));
  EXPECT_EQ(Take().body, "now");
}

TEST_F(CallTest, AnAnswerFromAnotherThreadIsMadeOnTheCallsOwn) {
  std::jthread other;
  std::thread::id made_on;
  ASSERT_TRUE(Start([&](Request&, const Context&, const Respond& respond) {
    other = std::jthread([&made_on, respond] {
      respond([&made_on] {
        made_on = std::this_thread::get_id();
        return TextReply(200, "later");
      });
    });
  }));
  WaitForAnswer();
  EXPECT_EQ(Take().body, "later");
  EXPECT_EQ(made_on, OnThread([] { return std::this_thread::get_id(); }));
}

TEST_F(CallTest, IsPendingAndNotResponded) {
  Respond kept;
  ASSERT_TRUE(Start([&](Request&, const Context&, const Respond& respond) { kept = respond; }));
  EXPECT_TRUE(OnThread([this] { return call_->pending() && !call_->responded(); }));
  kept([] { return EmptyReply(200); });
  EXPECT_TRUE(call_->responded());
  WaitForAnswer();
  Take();
}

TEST_F(CallTest, AHandlerThatThrowsIsAnAnswer) {
  EXPECT_FALSE(Start(
      [](Request&, const Context&, const Respond&) { throw std::runtime_error("secret detail"); }));
  const Response response = Take();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, R"({"error":"Internal error","error_type":"Backend"})");
  ASSERT_TRUE(response.record);
  EXPECT_EQ(response.record->span, "test");
}

TEST_F(CallTest, AnAnswerThatCannotBeMadeIsOneToo) {
  ASSERT_TRUE(Start([](Request&, const Context&, const Respond& respond) {
    respond([]() -> Response { throw std::bad_alloc(); });
  }));
  WaitForAnswer();
  EXPECT_EQ(Take().status, 500);
}

// A handler that kept its callback and threw must not answer a second time.
TEST_F(CallTest, WhatComesAfterAFailureIsNotHeard) {
  Respond kept;
  EXPECT_FALSE(Start([&](Request&, const Context&, const Respond& respond) {
    kept = respond;
    throw std::runtime_error("failed");
  }));
  EXPECT_EQ(Take().status, 500);
  kept([] { return EmptyReply(200); });
  OnThread([] {});  // what was posted before has run
  ASSERT_TRUE(Start([](Request&, const Context&, const Respond& respond) {
    respond([] { return EmptyReply(204); });
  }));
  WaitForAnswer();
  EXPECT_EQ(Take().status, 204);
}

TEST_F(CallTest, CancelReachesTheHandler) {
  Cancellation seen;
  Respond kept;
  ASSERT_TRUE(Start([&](Request&, const Context& context, const Respond& respond) {
    seen = context.cancellation;
    kept = respond;
  }));
  EXPECT_FALSE(seen.cancelled());
  OnThread([this] { call_->Cancel(); });
  EXPECT_TRUE(seen.cancelled());
  kept([] { return EmptyReply(200); });  // it still comes
  WaitForAnswer();
  Take();
  // The next call begins anew.
  ASSERT_TRUE(Start([&](Request&, const Context& context, const Respond& respond) {
    seen = context.cancellation;
    respond([] { return EmptyReply(200); });
  }));
  EXPECT_FALSE(seen.cancelled());
  WaitForAnswer();
}

TEST_F(CallTest, MayEndBeforeItsAnswer) {
  Respond kept;
  ASSERT_TRUE(Start([&](Request&, const Context&, const Respond& respond) { kept = respond; }));
  OnThread([this] { call_.reset(); });
  bool made = false;
  kept([&] {
    made = true;
    return EmptyReply(200);
  });
  OnThread([] {});
  EXPECT_FALSE(made);
}

TEST_F(CallTest, LogsNameTheOperation) {
  ASSERT_TRUE(Start([](Request&, const Context& context, const Respond& respond) {
    respond(
        [start = context.start] { return ComputedReply("[]", {}, steady_clock::now() - start); });
  }));
  WaitForAnswer();
  const Response response = Take();
  ::testing::internal::CaptureStdout();
  Log log({.json = true});
  ServerState state(server_.service(), log, HttpServerOptions{});
  Request request;
  request.request_id = "the id";
  LogAnswer(state, response, request);
  const std::string line = ::testing::internal::GetCapturedStdout();
  EXPECT_NE(line.find(R"("message":"Success","request_id":"the id","target":"embd","span":{)"
                      R"("total_time":")"),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(R"("inference_time":"0ns","name":"test"},"spans":[{"total_time":")"),
            std::string::npos)
      << line;
}

// Whatever refused it, a request is found in the log; what succeeds without the model is not told.
TEST_F(CallTest, LogsRefusals) {
  Request request;
  request.method = "GET";
  request.path = "/" + std::string(300, 'x');
  request.request_id = "the id";
  ::testing::internal::CaptureStdout();
  Log log({.json = true});
  ServerState state(server_.service(), log, HttpServerOptions{});
  LogAnswer(state, EmptyReply(200), request);
  LogAnswer(state, EmptyReply(404), request);
  const std::string line = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const std::string told = R"("message":"Refused","request_id":"the id","status":"404",)"
                           R"("method":"GET","path":"/)" +
                           std::string(199, 'x') + R"(","target":"embd"})";
  EXPECT_NE(line.find(told), std::string::npos) << line;
}

}  // namespace
}  // namespace embd::http
