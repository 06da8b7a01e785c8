#include <gtest/gtest.h>

#include "server/http/test_server.h"

namespace embd::http {
namespace {

using testing::Answer;
using testing::Client;
using testing::Post;
using testing::Quiet;
using testing::TestServer;

TEST(OpenAiEmbed, AnswersInItsOwnFormatOnBothPaths) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  for (const std::string_view path : {"/v1/embeddings", "/embeddings"}) {
    const Answer answer = client.Ask(
        Post(path, R"({"input":["w5 w6","w5"],"model":"any","user":null,"normalize":false})"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"object":"list","data":[)"
                           R"({"object":"embedding","embedding":[16.0,17.0,18.0,19.0],"index":0},)"
                           R"({"object":"embedding","embedding":[10.0,11.0,12.0,13.0],"index":1}],)"
                           R"("model":"test/model","usage":{"prompt_tokens":7,"total_tokens":7}})");
    EXPECT_EQ(answer.header("x-compute-tokens"), "7");
  }
}

TEST(OpenAiEmbed, NormalizesAndCutsByDefault) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const Answer answer = client.Ask(Post("/v1/embeddings", R"({"input":"w5 w6","dimensions":1})"));
  EXPECT_NE(answer.body.find(R"("embedding":[1.0],"index":0)"), std::string::npos) << answer.body;
}

TEST(OpenAiEmbed, GivesBase64WhenAsked) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const Answer answer =
      client.Ask(Post("/v1/embeddings", R"({"input":"w5 w6","encoding_format":"base64",)"
                                        R"("dimensions":2,"normalize":false})"));
  // 16.0F and 17.0F
  EXPECT_NE(answer.body.find(R"("embedding":"AACAQQAAiEE=","index":0)"), std::string::npos)
      << answer.body;
}

TEST(OpenAiEmbed, SaysErrorsAsOpenAiDoes) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const struct {
    std::string_view body;
    int status;
    std::string_view answer;
  } cases[] = {
      {R"({"input":""})", 400,
       R"({"message":"Input validation error: `inputs` cannot be empty","code":400,"type":"Empty"})"},
      {R"({"input":"w5","dimensions":0})", 422,
       R"({"message":"Input validation error: `dimensions` should be positive","code":422,)"
       R"("type":"Validation"})"},
      {R"({"inputs":"w5"})", 422,
       "Failed to deserialize the JSON body into the target type: missing field `input` at line 1 "
       "column 15"},
      {R"({"input":"w5","encoding_format":null})", 400,
       "Failed to parse the request body as JSON: encoding_format: expected value at line 1 column "
       "33"},
      {R"({"input":"w5","encoding_format":"hex"})", 422,
       "Failed to deserialize the JSON body into the target type: encoding_format: unknown variant "
       "`hex`, expected `float` or `base64` at line 1 column 37"},
      {R"({"input":"w5","model":1})", 422,
       "Failed to deserialize the JSON body into the target type: model: invalid type: integer "
       "`1`, expected a string at line 1 column 23"},
  };
  for (const auto& c : cases) {
    const Answer answer = client.Ask(Post("/v1/embeddings", c.body));
    EXPECT_EQ(answer.status, c.status) << c.body;
    EXPECT_EQ(answer.body, c.answer);
    EXPECT_EQ(answer.header("x-compute-tokens"), std::nullopt);
  }
}

}  // namespace
}  // namespace embd::http
