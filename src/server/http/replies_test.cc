#include "server/http/replies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "server/http/test_server.h"

namespace embd::http {
namespace {

using testing::Client;
using testing::Eventually;
using testing::Post;
using testing::TestServer;

std::optional<std::string> HeaderOf(const Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (header.first == name) return header.second;
  }
  return std::nullopt;
}

TEST(Replies, SayWhenToTryAgainIfTheServerIsFull) {
  Error full = {.kind = ErrorKind::kOverloaded, .message = "Model is overloaded"};
  EXPECT_EQ(HeaderOf(ErrorReply(full, {}), "retry-after"), "1");
  full.retry_after_s = 7;
  EXPECT_EQ(HeaderOf(ErrorReply(full, {}), "retry-after"), "7");
  EXPECT_EQ(HeaderOf(ErrorReply(full, {}, ErrorStyle::kOpenAi), "retry-after"), "7");
  full.kind = ErrorKind::kBackend;
  EXPECT_EQ(HeaderOf(ErrorReply(full, {}), "retry-after"), std::nullopt);
}

TEST(Replies, AFullServerSendsRetryAfter) {
  TestServer server({}, {.level = LogLevel::kOff});
  server.CloseGate();
  std::string body = R"({"inputs":["w5")";
  for (int i = 1; i < 32; ++i) body += R"(,"w5")";
  body += "]}";
  std::vector<Client> clients;
  for (std::uint32_t permits = 0; permits < TestServer::Info().max_concurrent_requests;
       permits += 32) {
    clients.push_back(server.Connect());
    clients.back().Send(Post("/embed", body));
  }
  ASSERT_TRUE(Eventually([&] { return server.metrics().embed.count.value() == 256; }));
  Client late = server.Connect();
  const testing::Answer answer = late.Ask(Post("/embed", R"({"inputs":"w5"})"));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.body, R"({"error":"Model is overloaded","error_type":"Overloaded"})");
  const int seconds = std::stoi(answer.header("retry-after").value_or("0"));
  EXPECT_GE(seconds, 1);
  EXPECT_LE(seconds, 60);
  server.gate().Open();
  for (Client& client : clients) EXPECT_EQ(client.Receive().status, 200);
}

}  // namespace
}  // namespace embd::http
