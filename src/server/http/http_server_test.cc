// The life of the server: warm-up, the port, and the end.

#include "server/http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "base/load_error.h"
#include "server/http/listener.h"
#include "server/http/test_server.h"

namespace embd::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Answer;
using testing::Client;
using testing::Eventually;
using testing::Get;
using testing::kAnswer;
using testing::kBody;
using testing::Post;
using testing::Quiet;
using testing::TestServer;

Client ConnectTo(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int failed =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  EXPECT_EQ(failed, 0);
  return Client(socket);
}

TEST(WarmUp, SendsEveryKindOfRequest) {
  TestServer server({}, Quiet());
  const Warmed warmed = WarmUp(server.http(), TestServer::Info(), 10s);
  EXPECT_EQ(warmed.requests(), 7);  // short, three routes, a batch, 16 and 64 tokens
  EXPECT_EQ(server.metrics().request_success_batch.value(), 1U);
  EXPECT_EQ(server.metrics().request_success_single.value(), 3U);
}

TEST(WarmUp, AlwaysRunsTheShortestAndABatch) {
  TestServer server({}, Quiet());
  EXPECT_EQ(WarmUp(server.http(), TestServer::Info(), 0ms).requests(), 5);
}

TEST(WarmUp, KnowsTheKeyAndTheLimits) {
  HttpServerOptions options;
  options.api_key = "secret";
  options.payload_limit = 60;
  TestServer server(options, Quiet());
  EXPECT_GE(WarmUp(server.http(), TestServer::Info(), 10s).requests(), 4);
}

TEST(WarmUp, FailsWithAModelThatFails) {
  TestServer server({}, Quiet());
  server.model().on_run = [](const PackedBatch&) { throw std::runtime_error("broken"); };
  EXPECT_THROW(WarmUp(server.http(), TestServer::Info(), 1s), LoadError);
}

TEST(Listener, ServesOverTcp) {
  TestServer server({}, Quiet());
  const Warmed warmed = WarmUp(server.http(), TestServer::Info(), 0ms);
  for (const char* address : {"127.0.0.1", "0.0.0.0"}) {
    const Listener listener(warmed, TcpAddress{address, 0});
    ASSERT_NE(listener.port(), 0);
    Client client = ConnectTo(listener.port());
    EXPECT_EQ(client.Ask(Post("/embed", kBody)).body, kAnswer);
  }
}

TEST(Listener, SaysWhyItCannotListen) {
  TestServer server({}, Quiet());
  const Warmed warmed = WarmUp(server.http(), TestServer::Info(), 0ms);
  const Listener listener(warmed, TcpAddress{"127.0.0.1", 0});
  EXPECT_THROW(Listener(warmed, TcpAddress{"127.0.0.1", listener.port()}), LoadError);
  EXPECT_THROW(Listener(warmed, TcpAddress{"not an address", 0}), LoadError);
}

TEST(Listener, ServesWhatWasAcceptedBeforeItEnded) {
  TestServer server({}, Quiet());
  const Warmed warmed = WarmUp(server.http(), TestServer::Info(), 0ms);
  std::optional<Listener> listener(std::in_place, warmed, TcpAddress{"127.0.0.1", 0});
  const std::uint16_t port = listener->port();
  std::vector<Client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(ConnectTo(port));
    clients.back().Send(Post("/embed", kBody));
  }
  listener.reset();
  server.http().Drain(steady_clock::now() + 30s);
  for (Client& client : clients) {
    EXPECT_EQ(client.Receive().body, kAnswer);
    EXPECT_TRUE(client.AtEnd());
  }
}

// Over TCP the end of a client's stream looks the same whether it has closed or only stopped
// sending; the interim answer tells.
TEST(Listener, TellsClientsThatHaveGoneFromThoseThatListen) {
  TestServer server({}, Quiet());
  std::atomic<bool> held{false};
  server.model().on_run = [&](const PackedBatch&) {
    if (held.load()) server.gate().Wait();
  };
  const Warmed warmed = WarmUp(server.http(), TestServer::Info(), 0ms);
  const Listener listener(warmed, TcpAddress{"127.0.0.1", 0});
  held = true;
  Client busy = ConnectTo(listener.port());
  busy.Send(Post("/embed", kBody));
  server.gate().WaitForArrivals(1);  // holds the only compute thread
  const std::uint64_t inputs = server.metrics().embed.count.value();
  Client listening = ConnectTo(listener.port());
  listening.Send(Post("/embed", kBody));
  listening.CloseSending();
  Client gone = ConnectTo(listener.port());
  gone.Send(Post("/embed", R"({"inputs":["w5","w6","w7"]})"));
  ASSERT_TRUE(Eventually([&] { return server.metrics().embed.count.value() == inputs + 4; }));
  gone.Close();
  EXPECT_EQ(listening.Receive().status, 100);
  std::this_thread::sleep_for(50ms);
  server.gate().Open();
  EXPECT_EQ(busy.Receive().body, kAnswer);
  EXPECT_EQ(listening.Receive().body, kAnswer);
  EXPECT_TRUE(Eventually([&] { return server.metrics().cancelled_total.value() == 3; }));
}

TEST(Drain, ClosesIdleConnectionsAndFinishesBusyOnes) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Client idle = server.Connect();
  EXPECT_EQ(idle.Ask(Get("/health")).status, 200);
  Client busy = server.Connect();
  busy.Send(Post("/embed", kBody) + Get("/health"));  // the second will not be read
  server.gate().WaitForArrivals(1);
  Client half = server.Connect();
  half.Send("POST /embed HTTP/1.1\r\ncontent-type: application/json\r\n");
  std::this_thread::sleep_for(20ms);
  std::jthread drain([&] { server.http().Drain(steady_clock::now() + 30s); });
  EXPECT_TRUE(idle.AtEnd());
  server.gate().Open();
  const Answer answer = busy.Receive();
  EXPECT_EQ(answer.body, kAnswer);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(busy.AtEnd());
  half.Send("content-length: 36\r\n\r\n" + std::string(kBody));
  EXPECT_EQ(half.Receive().body, kAnswer);
}

TEST(Drain, EndsAtItsDeadline) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Client busy = server.Connect();
  busy.Send(Post("/embed", kBody));
  server.gate().WaitForArrivals(1);
  server.http().Drain(steady_clock::now() + 10ms);
  EXPECT_TRUE(busy.AtEnd());
  server.gate().Open();
}

// Every request that was sent before the end of its connection is either answered whole or not
// begun; none is cut off.
TEST(Drain, LosesNothingUnderLoad) {
  HttpServerOptions options;
  options.io_threads = 2;
  TestServer server(options, Quiet());
  constexpr int kClients = 16;
  std::vector<Client> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(server.Connect());
  std::atomic<int> answers{0};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (Client& client : clients) {
    threads.emplace_back([&] {
      while (true) {
        const Answer answer = client.Ask(Post("/embed", kBody));
        if (answer.status == 0) return;
        if (answer.body != kAnswer) ++wrong;
        ++answers;
        if (answer.header("connection") == "close") return;
      }
    });
  }
  ASSERT_TRUE(Eventually([&] { return answers.load() > 200; }));
  server.http().Drain(steady_clock::now() + 30s);
  threads.clear();
  EXPECT_EQ(wrong.load(), 0);
  const Metrics& metrics = server.metrics();
  EXPECT_EQ(metrics.request_success_single.value(), static_cast<std::uint64_t>(answers.load()));
}

TEST(HttpServer, EndsWhileItIsBusy) {
  TestServer server({}, Quiet());
  server.CloseGate();
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server.Connect());
    clients.back().Send(Post("/embed", kBody));
  }
  server.gate().WaitForArrivals(1);
  std::jthread opener([&] {
    std::this_thread::sleep_for(20ms);
    server.gate().Open();
  });
  server.End();
  for (Client& client : clients) EXPECT_EQ(client.Receive().status, 0);
}

}  // namespace
}  // namespace embd::http
