#include <gtest/gtest.h>

#include "server/http/test_server.h"

namespace embd::http {
namespace {

using testing::Answer;
using testing::Client;
using testing::Get;
using testing::TestServer;

TEST(Models, ListsTheOneModel) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  const Answer answer = client.Ask(Get("/v1/models"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.body, R"({"object":"list","data":[{"id":"test/model","object":"model",)"
                         R"("created":1700000000,"owned_by":"embd"}]})");
}

}  // namespace
}  // namespace embd::http
