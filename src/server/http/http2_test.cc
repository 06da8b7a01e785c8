// HTTP/2 as a client sees it: frames by nghttp2 over socket pairs, a real service, a model that can
// be held at a gate.

#include "server/http/http2.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <thread>

#include "server/http/test_http2_client.h"
#include "server/http/test_server.h"

namespace embd::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Client;
using testing::Eventually;
using testing::Get;
using testing::Http2Client;
using testing::kAnswer;
using testing::kBody;
using testing::Post;
using testing::Quiet;
using testing::TestServer;

std::string HeaderOf(const Http2Client::Stream& stream, const std::string& name) {
  const auto found = stream.headers.find(name);
  return found == stream.headers.end() ? "" : found->second;
}

// A body of so many bytes that asks for kAnswer.
std::string Padded(std::size_t bytes) {
  return std::string(kBody) + std::string(bytes - kBody.size(), ' ');
}

TEST(Http2, AnswersEveryKindOfRequest) {
  TestServer server({}, Quiet());
  Http2Client client(server.Connect());
  const auto health = client.Get("/health", {{"x-request-id", "mine"}});
  const auto embed = client.Post("/embed?a=b", kBody);
  const auto nowhere = client.Get("/nowhere");
  const auto method = client.Get("/embed");
  const auto bad = client.Post("/embed", "{");
  const auto info = client.Get("/info");
  EXPECT_EQ(client.Wait(health).status, 200);
  EXPECT_EQ(HeaderOf(client.stream(health), "x-request-id"), "mine");
  EXPECT_EQ(HeaderOf(client.stream(health), "content-length"), "0");
  EXPECT_EQ(client.Wait(embed).body, kAnswer);
  EXPECT_EQ(HeaderOf(client.stream(embed), "x-compute-tokens"), "4");
  EXPECT_EQ(HeaderOf(client.stream(embed), "x-request-id").size(), 32U);
  EXPECT_NE(HeaderOf(client.stream(embed), "date"), "");
  EXPECT_EQ(client.Wait(nowhere).status, 404);
  EXPECT_EQ(client.Wait(method).status, 405);
  EXPECT_EQ(HeaderOf(client.stream(method), "allow"), "POST");
  EXPECT_EQ(client.Wait(bad).status, 400);
  EXPECT_EQ(client.Wait(info).body.find(R"({"model_id":"test/model")"), 0U);
}

TEST(Http2, ManyRequestsAreInTheServerAtOnce) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Http2Client client(server.Connect());
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(client.Post(
        "/embed", "{\"inputs\":\"w" + std::to_string(i + 4) + "\",\"normalize\":false}"));
  }
  client.Pump();
  EXPECT_TRUE(Eventually([&] { return server.metrics().embed.count.value() == 50; }));
  EXPECT_EQ(client.Wait(client.Get("/health")).status, 200);  // which passes them
  server.gate().Open();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.Wait(streams[static_cast<std::size_t>(i)])
                  .body.find("[[" + std::to_string(i + 9) + ".0,"),
              0U);
  }
}

TEST(Http2, AResetStreamIsNotComputed) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Http2Client client(server.Connect());
  const auto held = client.Post("/embed", kBody);
  client.Pump();
  server.gate().WaitForArrivals(1);  // the only compute thread is in this one's step
  const auto given_up = client.Post("/embed", R"({"inputs":["w5","w6"]})");
  client.Pump();
  ASSERT_TRUE(Eventually([&] { return server.metrics().embed.count.value() == 3; }));
  client.Reset(given_up);
  // Answered after the reset has been read.
  EXPECT_EQ(client.Wait(client.Get("/health")).status, 200);
  server.gate().Open();
  EXPECT_EQ(client.Wait(held).body, kAnswer);
  EXPECT_TRUE(Eventually([&] { return server.metrics().failure_dropped.value() == 1; }));
  EXPECT_EQ(server.metrics().embed.success.value(), 1U);
}

TEST(Http2, NothingIsComputedForAClientThatHasGone) {
  TestServer server({}, Quiet());
  server.CloseGate();
  {
    Http2Client client(server.Connect());
    client.Post("/embed", kBody);
    client.Pump();
    server.gate().WaitForArrivals(1);
    for (int i = 0; i < 5; ++i) client.Post("/embed", kBody);
    client.Pump();
    ASSERT_TRUE(Eventually([&] { return server.metrics().embed.count.value() == 6; }));
  }
  // The end of the connection must have been seen before the gate opens; another client's answer
  // comes after it.
  Client other = server.Connect();
  EXPECT_EQ(other.Ask(Get("/health")).status, 200);
  server.gate().Open();
  EXPECT_TRUE(Eventually([&] { return server.metrics().failure_dropped.value() == 5; }));
}

TEST(Http2, StreamsBeyondTheLimitAreRefused) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Http2Client client(server.Connect(), {.knows_limit = false});
  std::vector<std::int32_t> streams;
  for (std::size_t i = 0; i < kMaxStreams + 20; ++i)
    streams.push_back(client.Post("/embed", kBody));
  EXPECT_EQ(client.Wait(streams.back()).reset, std::uint32_t{NGHTTP2_REFUSED_STREAM});
  server.gate().Open();
  std::size_t answered = 0;
  for (const auto stream : streams) {
    const Http2Client::Stream& waited = client.Wait(stream);
    if (waited.reset) {
      EXPECT_EQ(waited.reset, std::uint32_t{NGHTTP2_REFUSED_STREAM});
    } else {
      EXPECT_EQ(waited.body, kAnswer);
      ++answered;
    }
  }
  EXPECT_EQ(answered, kMaxStreams);
}

// Resetting quickly gains nothing: what is reset counts until its work has ended.
TEST(Http2, ResetStreamsCountUntilTheirWorkHasEnded) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Http2Client client(server.Connect(), {.knows_limit = false});
  client.Post("/embed", kBody);
  client.Pump();
  server.gate().WaitForArrivals(1);  // an idle worker would drop at once what was reset
  for (std::size_t i = 1; i < kMaxStreams; ++i) client.Reset(client.Post("/embed", kBody));
  const auto beyond = client.Post("/embed", kBody);
  EXPECT_EQ(client.Wait(beyond).reset, std::uint32_t{NGHTTP2_REFUSED_STREAM});
  server.gate().Open();
  EXPECT_TRUE(Eventually([&] {
    const auto again = client.Post("/embed", kBody);
    return client.Wait(again).body == kAnswer;
  }));
}

TEST(Http2, ConnectionsBeyondTheLimitAreToldToComeBack) {
  HttpServerOptions options;
  options.max_http2_connections = 1;
  TestServer server(options, Quiet());
  Http2Client first(server.Connect());
  EXPECT_EQ(first.Wait(first.Get("/health")).status, 200);
  Http2Client second(server.Connect());
  const auto refused = second.Get("/health");
  second.WaitForEnd();
  EXPECT_EQ(second.goodbye(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
  EXPECT_EQ(second.stream(refused).status, 0);
  EXPECT_EQ(server.Connect().Ask(Get("/health")).status, 200);  // HTTP/1.1 is no business of theirs
  EXPECT_EQ(first.Wait(first.Get("/health")).status, 200);
}

TEST(Http2, ConnectionsWithoutRequestsMakeRoomWhereTheyAreShort) {
  HttpServerOptions options;
  options.max_http2_connections = 1;
  options.contended_timeout = 20ms;
  TestServer server(options, Quiet());
  Http2Client idle(server.Connect());
  EXPECT_EQ(idle.Wait(idle.Get("/health")).status, 200);
  idle.WaitForEnd();
  EXPECT_EQ(idle.goodbye(), std::uint32_t{NGHTTP2_NO_ERROR});
  // Its place is free a moment after the client has seen the end.
  EXPECT_TRUE(Eventually([&] {
    Http2Client next(server.Connect());
    const auto health = next.Get("/health");
    next.Until([&] { return next.stream(health).ended || next.goodbye(); });
    return next.stream(health).status == 200;
  }));
}

TEST(Http2, BodiesAreTakenUpToTheLimit) {
  HttpServerOptions options;
  options.payload_limit = 1000;
  TestServer server(options, Quiet());
  Http2Client client(server.Connect());
  const auto whole = client.Post("/embed", Padded(1000));
  const auto large = client.Post("/embed", Padded(1001));
  const auto told = client.Begin("/embed", {{"content-length", "1001"}});
  EXPECT_EQ(client.Wait(whole).body, kAnswer);
  EXPECT_EQ(client.Wait(large).status, 413);
  EXPECT_EQ(client.Wait(told).status, 413) << "before the body";
  EXPECT_EQ(client.Wait(client.Post("/embed", kBody)).body, kAnswer);
}

HttpServerOptions LittleMemory() {
  HttpServerOptions options;
  options.buffer_budget = 65536;
  options.payload_limit = 60'000;
  options.contended_timeout = 30s;  // nobody is late here
  return options;
}

TEST(Http2, ABodyThatMustWaitForMemoryStallsItsStreamOnly) {
  TestServer server(LittleMemory(), Quiet());
  // Who hold all the memory there is, and what one may have beyond.
  const std::string request = Post("/embed", Padded(60'000));
  Client holders[] = {server.Connect(), server.Connect()};
  for (Client& holder : holders) holder.Send(std::string_view(request).substr(0, 50'000));
  Http2Client client(server.Connect());
  EXPECT_EQ(client.Wait(client.Get("/health")).status, 200);
  const auto waiting = client.Post("/embed", Padded(60'000));
  client.Pump();
  EXPECT_EQ(client.Wait(client.Get("/health")).status, 200);
  const auto small = client.Post("/embed", kBody);
  client.Wait(small);  // whether or not there is room for it
  for (Client& holder : holders) {
    holder.Send(std::string_view(request).substr(50'000));
    EXPECT_EQ(holder.Receive().body, kAnswer);
  }
  EXPECT_EQ(client.Wait(waiting).body, kAnswer);
}

// Those who hold a part of the memory can always be sent the rest.
TEST(Http2, ManyBodiesInLittleMemoryAreAnsweredOrTurnedAway) {
  TestServer server(LittleMemory(), Quiet());
  Http2Client client(server.Connect());
  std::vector<std::int32_t> streams;
  const std::string body = Padded(60'000);
  for (int i = 0; i < 8; ++i) {
    streams.push_back(client.Begin("/embed", {{"content-length", "60000"}}));
    client.SendBody(streams.back(), std::string_view(body).substr(0, 40'000), /*last=*/false);
  }
  EXPECT_EQ(client.Wait(client.Get("/health")).status, 200);
  for (const auto stream : streams) {
    client.SendBody(stream, std::string_view(body).substr(40'000), /*last=*/true);
  }
  std::size_t answered = 0;
  for (const auto stream : streams) {
    const Http2Client::Stream& waited = client.Wait(stream);
    if (waited.status == 200) {
      EXPECT_EQ(waited.body, kAnswer);
      ++answered;
    } else {
      EXPECT_EQ(waited.status, 429) << waited.reset.value_or(0);
      const int seconds = std::stoi("0" + HeaderOf(waited, "retry-after"));
      EXPECT_GE(seconds, 1);
      EXPECT_LE(seconds, 60);
    }
  }
  EXPECT_GE(answered, 1U);
  EXPECT_EQ(server.metrics().request_count_single.value(), streams.size());
  EXPECT_EQ(server.metrics().failure_overloaded.value(), streams.size() - answered);
  EXPECT_EQ(server.metrics().rejected_total.value(), streams.size() - answered);
  EXPECT_EQ(client.Wait(client.Post("/embed", body)).body, kAnswer);
}

TEST(Http2, AnswersKeepToTheClientsWindow) {
  TestServer server({}, Quiet());
  Http2Client client(server.Connect(), {.window = 10});  // opened anew as the client takes bytes
  const auto info = client.Get("/info");
  const std::string expected = server.Connect().Ask(Get("/info")).body;
  EXPECT_GT(expected.size(), 100U);
  EXPECT_EQ(client.Wait(info).body, expected);
}

TEST(Http2, SaysWhenItWantsTheBody) {
  TestServer server({}, Quiet());
  Http2Client client(server.Connect());
  const auto stream = client.Begin("/embed", {{"expect", "100-continue"}});
  EXPECT_TRUE(client.Until([&] { return !client.stream(stream).interim.empty(); }));
  EXPECT_EQ(client.stream(stream).interim, std::vector<int>{100});
  client.SendBody(stream, kBody, /*last=*/true);
  EXPECT_EQ(client.Wait(stream).body, kAnswer);
}

TEST(Http2, TooManyHeadersAreOneAnswer) {
  TestServer server({}, Quiet());
  Http2Client client(server.Connect());
  Http2Client::Headers many;
  for (int i = 0; i < 101; ++i) many.emplace_back("a" + std::to_string(i), "b");
  const auto refused = client.Get("/health", many);
  EXPECT_EQ(client.Wait(refused).status, 431);
  EXPECT_EQ(HeaderOf(client.stream(refused), "x-request-id").size(), 32U);
  EXPECT_EQ(client.Wait(client.Get("/health")).status, 200);
}

TEST(Http2, AStreamThatPausesIsResetAndTheOthersGoOn) {
  HttpServerOptions options;
  options.io_timeout = 100ms;
  TestServer server(options, Quiet());
  Http2Client client(server.Connect());
  const auto paused = client.Begin("/embed");
  client.SendBody(paused, "{", /*last=*/false);
  EXPECT_EQ(client.Wait(paused).reset, std::uint32_t{NGHTTP2_CANCEL});
  EXPECT_EQ(client.Wait(client.Post("/embed", kBody)).body, kAnswer);
}

TEST(Http2, TheLastWordComesAfterTheLastAnswer) {
  TestServer server({}, Quiet());
  server.CloseGate();
  Http2Client client(server.Connect());
  const auto held = client.Post("/embed", kBody);
  client.Pump();
  server.gate().WaitForArrivals(1);
  std::jthread drain([&] { server.http().Drain(steady_clock::now() + 30s); });
  // Refused once the end has begun; until then it is answered.
  EXPECT_TRUE(Eventually([&] {
    const auto late = client.Get("/health");
    return client.Wait(late).reset == std::uint32_t{NGHTTP2_REFUSED_STREAM};
  }));
  EXPECT_EQ(client.goodbye(), std::nullopt);
  server.gate().Open();
  EXPECT_EQ(client.Wait(held).body, kAnswer);
  client.WaitForEnd();
  EXPECT_EQ(client.goodbye(), std::uint32_t{NGHTTP2_NO_ERROR});
}

TEST(Http2, FramesThatAreNoneEndTheConnection) {
  TestServer server({}, Quiet());
  for (const std::string_view frames :
       {std::string_view("\0\0\4\0\0\0\0\0\0data", 13),      // of no stream
        std::string_view("\0\0\1\1\4\0\0\0\2\x82", 10),      // an even stream
        std::string_view("\0\0\1\1\4\0\0\0\1\xff", 10),      // no HPACK
        std::string_view("\xff\xff\xff\0\0\0\0\0\0", 9)}) {  // too long
    Client client = server.Connect();
    client.Send(kHttp2Preface);
    client.Send(std::string_view("\0\0\0\4\0\0\0\0\0", 9));
    client.Send(frames);
    std::string said;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::recv(client.socket(), part.data(), part.size(), 0)) > 0;) {
      said.append(part.data(), static_cast<std::size_t>(got));
    }
    EXPECT_NE(said.find(std::string_view("\7\0\0\0\0\0", 6)), std::string::npos) << "no GOAWAY";
  }
  EXPECT_EQ(server.Connect().Ask(Get("/health")).status, 200);
}

}  // namespace
}  // namespace embd::http
