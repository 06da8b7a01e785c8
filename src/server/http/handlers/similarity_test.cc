#include <gtest/gtest.h>

#include "server/http/test_server.h"

namespace embd::http {
namespace {

using testing::Answer;
using testing::Client;
using testing::Post;
using testing::Quiet;
using testing::TestServer;

TEST(Similarity, ComparesTheSourceWithEachSentence) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const Answer answer = client.Ask(
      Post("/similarity", R"({"inputs":{"source_sentence":"w5","sentences":["w5","w5 w6"]}})"));
  EXPECT_EQ(answer.status, 200);
  // (10,11,12,13) and (16,17,18,19)
  EXPECT_EQ(answer.body, "[1.0,0.99945176]");
  EXPECT_EQ(answer.header("x-compute-tokens"), "10");
  EXPECT_EQ(server.metrics().request_success_batch.value(), 1U);
}

TEST(Similarity, TakesParameters) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  for (const std::string_view parameters :
       {"null", "{}", R"({"truncate":null,"truncation_direction":"Left","prompt_name":null})"}) {
    const Answer answer = client.Ask(
        Post("/similarity", R"({"parameters":)" + std::string(parameters) +
                                R"(,"inputs":{"source_sentence":"w5","sentences":["w5"]}})"));
    EXPECT_EQ(answer.body, "[1.0]") << parameters;
  }
}

TEST(Similarity, RefusesWhatItCannotCompare) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  const struct {
    std::string_view body;
    int status;
    std::string_view answer;
  } cases[] = {
      {R"({"inputs":{"source_sentence":"w5","sentences":[]}})", 400,
       R"({"error":"`inputs.sentences` cannot be empty","error_type":"Empty"})"},
      {R"({"inputs":{"source_sentence":"w5","sentences":["w5",""]}})", 400,
       R"({"error":"Input validation error: `inputs` cannot be empty","error_type":"Empty"})"},
      {R"({"inputs":{"source_sentence":"w5","sentences":["w5",3]}})", 422,
       "Failed to deserialize the JSON body into the target type: inputs.sentences[1]: invalid "
       "type: integer `3`, expected a string at line 1 column 53"},
      {R"({"inputs":{"sentences":["w5"]}})", 422,
       "Failed to deserialize the JSON body into the target type: inputs: missing field "
       "`source_sentence` at line 1 column 30"},
      {R"({"inputs":"w5"})", 422,
       "Failed to deserialize the JSON body into the target type: inputs: invalid type: string "
       "\"w5\", expected struct SimilarityInput at line 1 column 14"},
  };
  for (const auto& c : cases) {
    const Answer answer = client.Ask(Post("/similarity", c.body));
    EXPECT_EQ(answer.status, c.status) << c.body;
    EXPECT_EQ(answer.body, c.answer);
  }
  EXPECT_EQ(server.metrics().failure_validation.value(), 1U);
}

TEST(Similarity, CountsTheSourceAgainstTheLargestBatch) {
  TestServer server({}, Quiet());
  Client client = server.Connect();
  std::string sentences = "\"w5\"";
  for (int i = 1; i < 32; ++i) sentences += ",\"w5\"";
  const Answer answer = client.Ask(Post(
      "/similarity", R"({"inputs":{"source_sentence":"w5","sentences":[)" + sentences + "]}}"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body, R"({"error":"batch size 33 > maximum allowed batch size 32",)"
                         R"("error_type":"Validation"})");
}

}  // namespace
}  // namespace embd::http
