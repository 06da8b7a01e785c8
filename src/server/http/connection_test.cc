// A client's view of the server: real bytes over socket pairs, a real service, a model that can be
// held at a gate.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "server/http/test_server.h"

namespace embd::http {
namespace {

using namespace std::chrono_literals;
using testing::Answer;
using testing::Client;
using testing::Eventually;
using testing::Get;
using testing::kAnswer;
using testing::kBody;
using testing::Post;
using testing::Quiet;
using testing::TestServer;

// Kernel buffers so small that an answer of some length does not fit.
void Narrow(const Client& client) {
  const int size = 1;
  ::setsockopt(client.socket(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

TEST(Connection, AnswersEveryRoute) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  for (const std::string_view path : {"/embed", "/", "/embed?x=1"}) {
    const Answer answer = client.Ask(Post(path, kBody));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, kAnswer);
    EXPECT_EQ(answer.header("content-type"), "application/json");
    EXPECT_EQ(answer.header("x-compute-type"), "gpu+optimized");
    EXPECT_EQ(answer.header("x-compute-characters"), "5");
    EXPECT_EQ(answer.header("x-compute-tokens"), "4");
    for (const char* name : {"x-compute-time", "x-total-time", "x-tokenization-time",
                             "x-queue-time", "x-inference-time", "date"}) {
      EXPECT_TRUE(answer.header(name).has_value()) << name;
    }
  }
  for (const std::string_view path : {"/health", "/ping", "/"}) {
    const Answer answer = client.Ask(Get(path));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("content-length"), "0");
    EXPECT_EQ(answer.header("content-type"), std::nullopt);
  }
  const Answer info = client.Ask(Get("/info"));
  EXPECT_EQ(info.header("content-type"), "application/json");
  EXPECT_EQ(info.body.find(R"({"model_id":"test/model",)"), 0U);
  const Answer metrics = client.Ask(Get("/metrics"));
  EXPECT_EQ(metrics.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_NE(metrics.body.find("te_request_count"), std::string::npos);
}

TEST(Connection, AnswersHeadLikeGetWithoutTheBody) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const std::string length = *client.Ask(Get("/info")).header("content-length");
  client.Send("HEAD /info HTTP/1.1\r\n\r\n");
  const Answer head = client.Receive(/*head_only=*/true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), length);
  EXPECT_TRUE(client.Silent());
  EXPECT_EQ(client.Ask(Get("/health")).status, 200);
}

struct ErrorCase {
  std::string request;
  int status;
  std::string body;
};

// Each is answered and the connection goes on.
TEST(Connection, GoesOnAfterErrors) {
  HttpServerOptions options;
  options.payload_limit = 3000;
  TestServer server(options, Quiet());
  Client client = server.Connect();
  const std::string no_type = "POST /embed HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}";
  const ErrorCase cases[] = {
      {Get("/nowhere"), 404, ""},
      {Get("/embed"), 405, ""},
      {Post("/nowhere", kBody), 404, ""},
      {Post("/health", kBody), 405, ""},
      {no_type, 415, "Expected request with `Content-Type: application/json`"},
      {Post("/embed", "{"), 400,
       "Failed to parse the request body as JSON: EOF while parsing an object at line 1 column 1"},
      {Post("/embed", "{}"), 422,
       "Failed to deserialize the JSON body into the target type: missing field `inputs` at line 1 "
       "column 2"},
      {Post("/embed", R"({"inputs":[]})"), 400,
       R"({"error":"Input validation error: `inputs` cannot be empty","error_type":"Empty"})"},
      {Post("/embed", R"({"inputs":"w5","dimensions":9})"), 422,
       R"({"error":"Input validation error: `dimensions` should be smaller than the maximum )"
       R"(embedding dimension.","error_type":"Validation"})"},
      {Post("/embed", R"({"inputs":"poison"})"), 424, "?"},
      {Get("/health", "content-length: 5\r\n") + "abcde", 200, ""},
      {"OPTIONS * HTTP/1.1\r\n\r\n", 200, ""},
  };
  for (const ErrorCase& c : cases) {
    const Answer answer = client.Ask(c.request);
    EXPECT_EQ(answer.status, c.status) << c.request;
    if (c.body != "?") {
      EXPECT_EQ(answer.body, c.body) << c.request;
    }
    EXPECT_EQ(answer.header("vary"),
              "origin, access-control-request-method, access-control-request-headers");
    EXPECT_EQ(answer.header("access-control-allow-origin"), "*");
    EXPECT_EQ(answer.header("x-compute-time"), std::nullopt);
    EXPECT_EQ(answer.header("x-request-id").value_or("").size(), 32U) << c.request;
  }
  EXPECT_EQ(client.Ask(Post("/embed", kBody)).body, kAnswer);
}

TEST(Connection, TellsTheNumberOfFarTooManyInputs) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  std::string inputs = "[\"\"";
  for (int i = 1; i < 5000; ++i) inputs += ",\"\"";
  const Answer answer = client.Ask(Post("/embed", "{\"inputs\":" + inputs + "]}"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body, R"({"error":"batch size 5000 > maximum allowed batch size 32",)"
                         R"("error_type":"Validation"})");
}

TEST(Connection, RefusesMalformedRequestsAndCloses) {
  TestServer server({}, Quiet());
  for (const std::string_view request :
       {"nonsense\r\n\r\n", "GET / HTTP/1.1\nhost: a\n\n", "GET / HTTP/3.0\r\n\r\n",
        "POST /embed HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        "POST /embed HTTP/1.1\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
        "GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\na : b\r\n\r\n"}) {
    Client client = server.Connect();
    client.Send(request);
    client.Send(Get("/health"));  // must not be taken for a second request
    const Answer answer = client.Receive();
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.header("vary"), std::nullopt);
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client.AtEnd()) << request;
  }
  Client client = server.Connect();
  std::string many = "GET /health HTTP/1.1\r\n";
  for (int i = 0; i < 101; ++i) many += "a: b\r\n";
  EXPECT_EQ(client.Ask(many + "\r\n").status, 431);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  std::string requests;
  constexpr int kRequests = 200;
  for (int i = 0; i < kRequests; ++i) {
    requests +=
        Post("/embed", "{\"inputs\":\"w" + std::to_string(i + 4) + "\",\"normalize\":false}");
    requests += "\r\n" + Get("/health");
  }
  client.Send(requests);
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_EQ(client.Receive().body.find("[[" + std::to_string(i + 9) + ".0,"), 0U);
    EXPECT_EQ(client.Receive().status, 200);
  }
}

TEST(Connection, KeepsRequestsThatComeWhileItComputes) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Client client = server.Connect();
  client.Send(Post("/embed", kBody));
  server.gate().WaitForArrivals(1);
  std::string more;
  for (int i = 0; i < 2000; ++i) more += Get("/health");  // more than is read ahead
  client.Send(more);
  EXPECT_TRUE(client.Silent());
  server.gate().Open();
  EXPECT_EQ(client.Receive().body, kAnswer);
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(client.Receive().status, 200);
}

TEST(Connection, TakesRequestsByteByByte) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const std::string chunked =
      "POST /embed HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
      "10\r\n" +
      std::string(kBody.substr(0, 16)) + "\r\n14;x=y\r\n" + std::string(kBody.substr(16)) +
      "\r\n0\r\nx: y\r\n\r\n";
  ASSERT_EQ(kBody.size(), 36U);
  for (const std::string& request : {Post("/embed", kBody), chunked, "\r\n" + Get("/health")}) {
    for (const char byte : request) client.Send({&byte, 1});
    const Answer answer = client.Receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, request.find("POST") == 0 ? kAnswer : "");
  }
}

TEST(Connection, SpeaksHttp10) {
  TestServer server({}, Quiet());
  Client kept = server.Connect();
  for (int i = 0; i < 2; ++i) {
    const Answer answer = kept.Ask("GET /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.head.substr(0, 12), "HTTP/1.0 200");
    EXPECT_EQ(answer.header("connection"), "keep-alive");
  }
  Client closed = server.Connect();
  EXPECT_EQ(closed.Ask("GET http://a/health HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(closed.AtEnd());
}

TEST(Connection, ClosesWhenAsked) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const Answer answer = client.Ask(Get("/health", "connection: close\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, LetsClientsAskBeforeTheySendABody) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const std::string head = "POST /embed HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 36\r\n";
  EXPECT_EQ(client.Ask(head + "content-type: application/json\r\n\r\n").status, 100);
  EXPECT_EQ(client.Ask(kBody).body, kAnswer);
  // Nothing is asked for that would not be used.
  EXPECT_EQ(client.Ask(head + "\r\n").status, 415);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, RefusesBodiesBeyondTheLimit) {
  HttpServerOptions options;
  options.payload_limit = 100'000;
  TestServer server(options, Quiet());
  const std::string text = "Failed to buffer the request body: length limit exceeded";
  const std::string large = "{\"inputs\":\"" + std::string(200'000, 'x') + "\"}";

  Client plain = server.Connect();
  Answer answer = plain.Ask(Post("/embed", large));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, text);
  EXPECT_TRUE(plain.AtEnd());

  Client chunked = server.Connect();
  answer = chunked.Ask(
      "POST /embed HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
      "30D4D\r\n" +
      large);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, text);
  EXPECT_TRUE(chunked.AtEnd());

  // The type goes before the size, and the size need not be sent.
  Client huge = server.Connect();
  EXPECT_EQ(huge.Ask("POST /embed HTTP/1.1\r\ncontent-length: 99999999999999\r\n\r\n").status, 415);
  Client exact = server.Connect();
  const std::string fits = "{\"inputs\":\"" + std::string(100'000 - 13, 'x') + "\"}";
  EXPECT_EQ(exact.Ask(Post("/embed", fits)).status, 200);
}

TEST(Connection, AnswersBrokenBodies) {
  TestServer server({}, Quiet());
  const std::string head =
      "POST /embed HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: "
      "chunked\r\n\r\n";
  Client client = server.Connect();
  const Answer answer = client.Ask(head + "zz\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "Failed to buffer the request body: error reading a body from connection");
  EXPECT_TRUE(client.AtEnd());

  Client short_body = server.Connect();
  short_body.Send(
      "POST /embed HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{}");
  short_body.CloseSending();
  EXPECT_EQ(short_body.Receive().status, 400);
}

TEST(Connection, AnswersClientsThatHaveClosedTheirSendingHalf) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Client client = server.Connect();
  client.Send(Post("/embed", kBody));
  server.gate().WaitForArrivals(1);
  client.CloseSending();
  EXPECT_EQ(client.Receive().status, 100);  // the probe
  server.gate().Open();
  EXPECT_EQ(client.Receive().body, kAnswer);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, DropsTheWorkOfClientsThatHaveGone) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Client busy = server.Connect();
  busy.Send(Post("/embed", kBody));
  server.gate().WaitForArrivals(1);  // holds the only compute thread
  {
    Client gone = server.Connect();
    gone.Send(Post("/embed", R"({"inputs":["w5","w6","w7"]})"));
    ASSERT_TRUE(Eventually([&] { return server.metrics().embed.count.value() == 4; }));
  }
  std::this_thread::sleep_for(50ms);
  server.gate().Open();
  EXPECT_EQ(busy.Receive().body, kAnswer);
  EXPECT_TRUE(Eventually([&] { return server.metrics().cancelled_total.value() == 3; }));
  EXPECT_EQ(server.model().runs(), 1);
}

TEST(Connection, ServesOthersWhileOneReadsSlowly) {
  TestServer server({}, Quiet());
  Client slow = server.Connect();
  Narrow(slow);
  // Answers of some 2 MB altogether, none of which is read for now.
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += Get("/metrics");
  std::size_t sent = slow.SendSome(requests);
  Client other = server.Connect();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(other.Ask(Post("/embed", kBody)).body, kAnswer);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(slow.Receive().status, 200) << i;
    sent += slow.SendSome(std::string_view(requests).substr(sent));
  }
}

TEST(Connection, HoldsHundredsOfIdleConnections) {
  TestServer server({}, Quiet());
  std::vector<Client> clients;
  for (int i = 0; i < 400; ++i) {  // two descriptors each; the usual limit is 1,024
    clients.push_back(server.Connect());
    EXPECT_EQ(clients.back().Ask(Get("/health")).status, 200);
  }
  for (Client& client : clients) EXPECT_EQ(client.Ask(Post("/embed", kBody)).body, kAnswer);
}

TEST(Connection, ClosesWhatIsBeyondTheLimit) {
  Gauge open;
  HttpServerOptions options;
  options.max_connections = 2;
  options.open_connections = &open;
  TestServer server(options, Quiet());
  Client first = server.Connect();
  Client second = server.Connect();
  EXPECT_TRUE(server.Connect().AtEnd());
  EXPECT_EQ(open.value(), 2);
  first.Close();
  ASSERT_TRUE(Eventually([&] { return open.value() == 1; }));
  EXPECT_EQ(server.Connect().Ask(Get("/health")).status, 200);
}

TEST(Connection, EndsHalfSentRequestsAndUnreadAnswersButNotIdleClients) {
  HttpServerOptions options;
  options.io_timeout = 100ms;
  TestServer server(options, Quiet());
  Client idle = server.Connect();
  EXPECT_EQ(idle.Ask(Get("/health")).status, 200);
  Client half_head = server.Connect();
  half_head.Send("GET /health HTTP/1.1\r\nhost");
  Client half_body = server.Connect();
  half_body.Send(
      "POST /embed HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{");
  EXPECT_TRUE(half_head.AtEnd());
  EXPECT_TRUE(half_body.AtEnd());
  EXPECT_EQ(idle.Ask(Get("/health")).status, 200);
}

TEST(Connection, WaitsForTheBudgetInsteadOfFailing) {
  HttpServerOptions options;
  options.buffer_budget = 300'000;
  options.payload_limit = 200'000;
  TestServer server(options, Quiet());
  const std::string body =
      "{\"inputs\":\"w5" + std::string(150'000, ' ') + "\",\"normalize\":false}";
  const std::string request = Post("/embed", body);
  // Ten times what the budget holds, all at once and each of it half-sent at first.
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(server.Connect());
    clients.back().SendSome(std::string_view(request).substr(0, request.size() / 2));
  }
  std::vector<std::jthread> senders;
  for (Client& client : clients) {
    senders.emplace_back([&client, &request] { client.Send(request.substr(request.size() / 2)); });
  }
  for (Client& client : clients) EXPECT_EQ(client.Receive().body.find("[[10.0,"), 0U);
}

TEST(Connection, MakesStalledClientsGiveWayWhenOthersWait) {
  HttpServerOptions options;
  options.buffer_budget = 60'000;
  options.contended_timeout = 50ms;
  TestServer server(options, Quiet());
  const std::string request =
      Post("/embed", "{\"inputs\":\"w5" + std::string(100'000, ' ') + "\",\"normalize\":false}");
  std::vector<Client> stalled;
  for (int i = 0; i < 4; ++i) {
    stalled.push_back(server.Connect());
    stalled.back().Send(std::string_view(request).substr(0, 50'000));
  }
  Client other = server.Connect();
  EXPECT_EQ(other.Ask(Get("/health")).status, 200);  // needs next to nothing and waits for nobody
  EXPECT_EQ(other.Ask(request).body.find("[[10.0,"), 0U);
}

TEST(Connection, AsksForTheKey) {
  HttpServerOptions options;
  options.api_key = "secret";
  options.cors_allow_origin = {"http://a"};
  TestServer server(options, Quiet());
  Client client = server.Connect();
  const Answer refused = client.Ask(Post("/embed", kBody));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body, "");
  EXPECT_EQ(refused.header("content-length"), "0");
  EXPECT_EQ(refused.header("access-control-allow-origin"), std::nullopt);
  const Answer answer =
      client.Ask(Post("/embed", kBody, "authorization: Bearer secret\r\norigin: http://a\r\n"));
  EXPECT_EQ(answer.body, kAnswer);
  EXPECT_EQ(answer.header("access-control-allow-origin"), "http://a");
  EXPECT_EQ(client.Ask(Get("/health")).status, 200);
}

}  // namespace
}  // namespace embd::http
