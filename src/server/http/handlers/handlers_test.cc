// The routes that do not have a test file of their own, on an embedding model without a head.

#include <gtest/gtest.h>

#include "server/http/test_server.h"

namespace embd::http {
namespace {

using testing::Answer;
using testing::Client;
using testing::Post;
using testing::TestServer;

struct Exchange {
  std::string_view path;
  std::string_view body;
  int status;
  std::string_view answer;
};

std::ostream& operator<<(std::ostream& out, const Exchange& exchange) {
  return out << exchange.path << ' ' << exchange.body;
}

class Handlers : public ::testing::TestWithParam<Exchange> {};

TEST_P(Handlers, Answer) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  const Answer answer = client.Ask(Post(GetParam().path, GetParam().body));
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.body, GetParam().answer);
}

constexpr std::string_view kNoClassifier =
    R"({"error":"Backend error: Model is not a classifier model","error_type":"Backend"})";
constexpr std::string_view kNoReranker =
    R"({"error":"Backend error: model is not a re-ranker model","error_type":"Backend"})";
constexpr std::string_view kNoReranker2 =
    R"({"message":"Backend error: model is not a re-ranker model","code":424,"type":"Backend"})";

INSTANTIATE_TEST_SUITE_P(
    OtherModels, Handlers,
    ::testing::Values(
        Exchange{"/predict", R"({"inputs":"w5"})", 424, kNoClassifier},
        Exchange{"/predict", R"({"inputs":[["w5"],["w5","w6"]]})", 424, kNoClassifier},
        Exchange{"/rerank", R"({"query":"w5","texts":["w6"]})", 424, kNoReranker},
        Exchange{"/rerank", R"({"query":"w5","documents":["w6"]})", 424, kNoReranker},
        Exchange{"/v1/rerank", R"({"query":"w5","documents":["w6"]})", 424, kNoReranker2},
        Exchange{"/v2/rerank", R"({"query":"w5","documents":["w6"]})", 424, kNoReranker2},
        Exchange{"/rerank", R"({"query":"w5","texts":[]})", 400,
                 R"({"error":"`texts` cannot be empty","error_type":"Empty"})"},
        Exchange{"/v1/rerank", R"({"query":"w5","documents":[]})", 400,
                 R"({"message":"`documents` cannot be empty","code":400,"type":"Empty"})"},
        Exchange{"/v2/rerank", R"({"query":"w5","documents":["w6"],"top_n":0})", 422,
                 R"({"message":"`top_n` should be positive","code":422,"type":"Validation"})"},
        Exchange{"/embed_sparse", R"({"inputs":"w5"})", 424,
                 R"({"error":"Backend error: Model is not an embedding model with SPLADE pooling",)"
                 R"("error_type":"Backend"})"}));

INSTANTIATE_TEST_SUITE_P(ByModel, Handlers,
                         ::testing::Values(Exchange{"/", R"({"inputs":"w5","normalize":false})",
                                                    200, "[[10.0,11.0,12.0,13.0]]"},
                                           Exchange{"/invocations",
                                                    R"({"inputs":["w5"],"normalize":false})", 200,
                                                    "[[10.0,11.0,12.0,13.0]]"}));

INSTANTIATE_TEST_SUITE_P(
    Ollama, Handlers,
    ::testing::Values(
        Exchange{"/api/embed", R"({"model":"any","input":["w5","w6"],"dimensions":1})", 200,
                 R"({"model":"test/model","embeddings":[[1.0],[1.0]],"prompt_eval_count":6})"},
        Exchange{"/api/embed", R"({"input":"","options":{},"keep_alive":0})", 400,
                 R"({"error":"Input validation error: `inputs` cannot be empty",)"
                 R"("error_type":"Empty"})"}));

INSTANTIATE_TEST_SUITE_P(
    Vertex, Handlers,
    ::testing::Values(
        Exchange{"/vertex", R"({"instances":[]})", 200, R"({"predictions":[]})"},
        Exchange{"/vertex",
                 R"({"instances":[{"inputs":"w5","normalize":false},)"
                 R"({"inputs":["w5 w6","w5"],"normalize":false}]})",
                 200,
                 R"({"predictions":[[[10.0,11.0,12.0,13.0]],)"
                 R"([[16.0,17.0,18.0,19.0],[10.0,11.0,12.0,13.0]]]})"},
        Exchange{"/vertex", R"({"instances":[{"inputs":"w5"},{"query":"a","texts":["b"]}]})", 424,
                 kNoReranker},
        Exchange{"/vertex", R"({"instances":[{"inputs":"w5"},{}]})", 422,
                 R"({"error":"missing field `inputs`","error_type":"Validation"})"},
        Exchange{"/vertex", R"({"instances":[{"inputs":""},{}]})", 400,
                 R"({"error":"Input validation error: `inputs` cannot be empty",)"
                 R"("error_type":"Empty"})"},
        Exchange{"/vertex", R"({"instances":{}})", 422,
                 "Failed to deserialize the JSON body into the target type: instances: invalid "
                 "type: map, expected a sequence at line 1 column 13"}));

INSTANTIATE_TEST_SUITE_P(
    Lengths, Handlers,
    ::testing::Values(
        Exchange{"/v1/embeddings", R"({"input":"w5","truncate_prompt_tokens":0})", 422,
                 "Failed to deserialize the JSON body into the target type: "
                 "truncate_prompt_tokens: invalid value, expected -1 or a number of tokens at line "
                 "1 column 40"},
        Exchange{"/v1/embeddings", R"({"input":"w5","truncate_prompt_tokens":-2})", 422,
                 "Failed to deserialize the JSON body into the target type: "
                 "truncate_prompt_tokens: invalid value, expected -1 or a number of tokens at line "
                 "1 column 41"}));

TEST(Vertex, TurnsAwayMoreInstancesThanThereArePermits) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  std::string body = R"({"instances":[{"inputs":"w5"})";
  for (std::uint32_t i = 0; i < TestServer::Info().max_concurrent_requests; ++i) {
    body += R"(,{"inputs":"w5"})";
  }
  EXPECT_EQ(client.Ask(Post("/vertex", body + "]}")).status, 429);
  EXPECT_EQ(client.Ask(Post("/embed", R"({"inputs":"w5"})")).status, 200);
}

TEST(TooManyInputs, AreRefusedWithTheirNumberHoweverMany) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  for (const int count : {33, 4097, 10'000}) {
    std::string body = R"({"inputs":["w5")";
    for (int i = 1; i < count; ++i) body += R"(,"w5")";
    const Answer answer = client.Ask(Post("/embed", body + "]}"));
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(answer.body, R"({"error":"batch size )" + std::to_string(count) +
                               R"( > maximum allowed batch size 32","error_type":"Validation"})");
  }
}

TEST(EmbedAll, GivesARowForEachToken) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  const Answer answer = client.Ask(Post("/embed_all", R"({"inputs":["w5","w5 w6"]})"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.rfind("[[[", 0), 0U) << answer.body;
  EXPECT_EQ(answer.header("x-compute-tokens"), "7");
}

TEST(Tokenize, AndDecodeAreEachOthersReverse) {
  TestServer server({}, {.level = LogLevel::kOff});
  Client client = server.Connect();
  const Answer tokens =
      client.Ask(Post("/tokenize", R"({"inputs":"w5 w6","add_special_tokens":false})"));
  EXPECT_EQ(tokens.status, 200);
  EXPECT_EQ(tokens.body.rfind(R"([[{"id":)", 0), 0U) << tokens.body;
  EXPECT_NE(tokens.body.find(R"("text":"w5","special":false,"start":0,"stop":2})"),
            std::string::npos)
      << tokens.body;
  EXPECT_EQ(tokens.header("x-compute-tokens"), std::nullopt);
  EXPECT_EQ(client.Ask(Post("/tokenize", R"({"inputs":[]})")).status, 400);
  EXPECT_EQ(client.Ask(Post("/decode", R"({"ids":[]})")).status, 400);
  const Answer texts = client.Ask(Post("/decode", R"({"ids":[[5],[5,6]]})"));
  EXPECT_EQ(texts.status, 200) << texts.body;
  EXPECT_EQ(texts.body.rfind(R"([")", 0), 0U) << texts.body;
}

}  // namespace
}  // namespace embd::http
