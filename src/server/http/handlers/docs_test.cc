#include <gtest/gtest.h>

#include "server/http/docs_files.h"
#include "server/http/test_server.h"

namespace embd::http {
namespace {

using testing::Answer;
using testing::Client;
using testing::Get;
using testing::TestServer;

TEST(Docs, LeadsToThePageAndForbidsWhatIsElsewhere) {
  HttpServerOptions options;
  options.api_key = "secret";  // which the page does not need
  TestServer server(options, {.level = LogLevel::kOff});
  Client client = server.Connect();
  const Answer redirect = client.Ask(Get("/docs"));
  EXPECT_EQ(redirect.status, 303);
  EXPECT_EQ(redirect.header("location"), "/docs/");
  const Answer page = client.Ask(Get("/docs/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.header("content-security-policy").value_or("").find("default-src 'none'"),
            std::string::npos);
  EXPECT_EQ(page.body.find("http://"), std::string::npos);
  EXPECT_EQ(page.body.find("https://"), std::string::npos);
}

TEST(Docs, HasItsFilesOnce) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  for (const DocsFile& file : DocsFiles()) {
    const std::string path = "/docs/" + std::string(file.name);
    const Answer answer = client.Ask(Get(path));
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.header("content-type"), file.content_type);
    EXPECT_EQ(answer.header("content-encoding"), "gzip");
    EXPECT_EQ(answer.body, file.gzip);
    const std::string tag = answer.header("etag").value_or("");
    const Answer again = client.Ask(Get(path, "if-none-match: " + tag + "\r\n"));
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.header("content-length"), std::nullopt);
  }
  for (const std::string_view path : {"/docs/nothing", "/docs/../info", "/docs//"}) {
    EXPECT_EQ(client.Ask(Get(path)).status, 404) << path;
  }
}

TEST(Docs, GivesTheDocumentOfTheApi) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  const Answer answer = client.Ask(Get("/api-doc/openapi.json"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.body.rfind(R"({"openapi":"3.0.3")", 0), 0U);
}

}  // namespace
}  // namespace embd::http
