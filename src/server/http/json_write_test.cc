#include "server/http/json_write.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>

namespace embd::http {
namespace {

std::string Written(float value) {
  std::string out;
  AppendFloat(out, value);
  return out;
}

struct FloatCase {
  float value;
  std::string_view text;
};

TEST(AppendFloat, LaysDigitsOutAsSerdeDoes) {
  constexpr FloatCase kCases[] = {
      {0.0F, "0.0"},
      {-0.0F, "-0.0"},
      {1.0F, "1.0"},
      {-1.0F, "-1.0"},
      {0.1F, "0.1"},
      {0.3F, "0.3"},
      {1.5F, "1.5"},
      {10.0F, "10.0"},
      {12.34F, "12.34"},
      {100.25F, "100.25"},
      {16777216.0F, "16777216.0"},
      {33554432.0F, "33554432.0"},
      {0.01F, "0.01"},
      {0.001234F, "0.001234"},
      {-0.03418138F, "-0.03418138"},
      {0.000001F, "0.000001"},
      {0.0000015F, "0.0000015"},
      {0.00000123456789F, "0.0000012345679"},
      {0.999999e-6F, "9.99999e-7"},
      {1e-7F, "1e-7"},
      {-1e-7F, "-1e-7"},
      {1.23456789e-8F, "1.2345679e-8"},
      {1.2e-10F, "1.2e-10"},
      {1e12F, "1000000000000.0"},
      {9.999999e12F, "9999999000000.0"},
      {1e13F, "1e13"},
      {1.5e13F, "1.5e13"},
      {-1.2345e20F, "-1.2345e20"},
      {3.4028235e38F, "3.4028235e38"},
      {1.1754944e-38F, "1.1754944e-38"},
      {1e-45F, "1e-45"},
      {std::numeric_limits<float>::infinity(), "null"},
      {-std::numeric_limits<float>::infinity(), "null"},
      {std::numeric_limits<float>::quiet_NaN(), "null"},
  };
  for (const FloatCase& c : kCases) EXPECT_EQ(Written(c.value), c.text);
}

// Every written number reads back as the same bits, is no longer than promised, and has a point or
// an exponent.
TEST(AppendFloat, RoundTripsAnyBits) {
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const std::string text = Written(value);
    if (!std::isfinite(value)) {
      ASSERT_EQ(text, "null");
      continue;
    }
    ASSERT_LE(text.size(), kMaxFloatChars) << text;
    ASSERT_NE(text.find_first_of(".e"), std::string::npos) << text;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(std::strtof(text.c_str(), nullptr)),
              std::bit_cast<std::uint32_t>(value))
        << text;
  }
}

// The same digits as the library's, for the numbers that embeddings are made of.
TEST(AppendFloat, WritesTheShortestDigits) {
  std::mt19937 random(2);
  std::normal_distribution<float> spread(0, 4);
  for (int i = 0; i < 200'000; ++i) {
    const float value = std::pow(10.0F, spread(random)) * (i % 2 == 0 ? 1.0F : -1.0F);
    if (std::fabs(value) < 1e-6F || std::fabs(value) >= 1e6F) continue;
    std::array<char, 64> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
    std::string expected(text.data(), end);
    if (expected.find('.') == std::string::npos) expected += ".0";
    ASSERT_EQ(Written(value), expected);
  }
}

TEST(AppendFloats, WritesListsOfAnyLength) {
  std::string out;
  AppendFloats(out, {});
  EXPECT_EQ(out, "[]");
  out = "x";
  AppendFloats(out, std::vector<float>{1, 2.5F});
  EXPECT_EQ(out, "x[1.0,2.5]");
  for (const std::size_t length : {63U, 64U, 65U, 200U}) {
    out.clear();
    AppendFloats(out, std::vector<float>(length, 3.0F));
    std::string expected = "[3.0";
    for (std::size_t i = 1; i < length; ++i) expected += ",3.0";
    EXPECT_EQ(out, expected + "]");
  }
}

TEST(AppendString, EscapesWhatJsonMustAndNothingElse) {
  const std::string_view text("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\0é你🙂", 24);
  std::string out;
  AppendString(out, text);
  EXPECT_EQ(out, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000é你🙂\"");
}

TEST(WriteEmbeddings, WritesOneListForEachInput) {
  EmbedResponse response;
  response.values = {1, 2, 3, 4};
  response.dimensions = 2;
  EXPECT_EQ(WriteEmbeddings(response), "[[1.0,2.0],[3.0,4.0]]");
  response.dimensions = 4;
  EXPECT_EQ(WriteEmbeddings(response), "[[1.0,2.0,3.0,4.0]]");
}

TEST(WriteInfo, KeepsTheOrderOfKeys) {
  ServerInfo info;
  info.model_id = "a/b";
  info.served_model_name = "na\"me";
  info.max_input_length = 256;
  info.version = "0.1.0";
  EXPECT_EQ(WriteInfo(info),
            R"({"model_id":"a/b","model_sha":null,"model_dtype":"float32",)"
            R"("served_model_name":"na\"me","model_type":{"embedding":{"pooling":"mean"}},)"
            R"("max_concurrent_requests":512,"max_input_length":256,"max_batch_tokens":16384,)"
            R"("max_batch_requests":null,"max_client_batch_size":32,"auto_truncate":true,)"
            R"("tokenization_workers":1,"version":"0.1.0","sha":null,"docker_label":null})");
  info.model_sha = "main";
  info.max_batch_requests = 4;
  info.pooling = Pooling::kLastToken;
  const std::string text = WriteInfo(info);
  EXPECT_NE(text.find(R"("model_sha":"main")"), std::string::npos);
  EXPECT_NE(text.find(R"("max_batch_requests":4)"), std::string::npos);
  EXPECT_NE(text.find(R"("pooling":"last_token")"), std::string::npos);
}

TEST(WriteError, NamesTheType) {
  EXPECT_EQ(WriteError({.kind = ErrorKind::kOverloaded, .message = "Model is overloaded"}),
            R"({"error":"Model is overloaded","error_type":"Overloaded"})");
}

TEST(WriteTokenEmbeddings, GroupsRowsByInput) {
  EmbedTokensResponse response;
  response.dimensions = 2;
  response.values = {1, 2, 3, 4, 5, 6};
  response.ends = {1, 3};
  EXPECT_EQ(WriteTokenEmbeddings(response), "[[[1.0,2.0]],[[3.0,4.0],[5.0,6.0]]]");
}

TEST(WriteSparseEmbeddings, GroupsValuesByInput) {
  EmbedSparseResponse response;
  response.values = {
      {.index = 3, .value = 0.5F}, {.index = 9, .value = 1}, {.index = 0, .value = 2}};
  response.ends = {2, 2, 3};
  EXPECT_EQ(WriteSparseEmbeddings(response),
            R"([[{"index":3,"value":0.5},{"index":9,"value":1.0}],[],[{"index":0,"value":2.0}]])");
}

TEST(WritePredictions, NamesLabelsAndGroupsBatches) {
  PredictResponse response;
  response.predictions = {{.label = 1, .score = 0.75F}, {.label = 0, .score = 0.25F}};
  response.labels = 2;
  const std::vector<std::string> labels = {"no \"x\"", "yes"};
  const std::string one = R"([{"score":0.75,"label":"yes"},{"score":0.25,"label":"no \"x\""}])";
  EXPECT_EQ(WritePredictions(response, labels, /*is_batch=*/false), one);
  EXPECT_EQ(WritePredictions(response, labels, /*is_batch=*/true), "[" + one + "]");
  response.labels = 1;
  EXPECT_EQ(WritePredictions(response, labels, /*is_batch=*/true),
            R"([[{"score":0.75,"label":"yes"}],[{"score":0.25,"label":"no \"x\""}]])");
}

TEST(WriteRanks, HasTextsWhenThereAreAny) {
  RerankResponse response;
  response.ranks = {{.index = 1, .score = 1}, {.index = 0, .score = 0.5F}};
  EXPECT_EQ(WriteRanks(response, {}), R"([{"index":1,"score":1.0},{"index":0,"score":0.5}])");
  EXPECT_EQ(WriteRanks(response, {"a", "b"}),
            R"([{"index":1,"text":"b","score":1.0},{"index":0,"text":"a","score":0.5}])");
}

TEST(WriteTokens, HasNullsWhereThereIsNoText) {
  TokenizeResponse response;
  response.tokens = {{{.id = 101, .text = "[CLS]", .special = true, .range = std::nullopt},
                      {.id = 7, .text = "a", .special = false, .range = ByteRange{0, 1}}},
                     {}};
  EXPECT_EQ(WriteTokens(response),
            R"([[{"id":101,"text":"[CLS]","special":true,"start":null,"stop":null},)"
            R"({"id":7,"text":"a","special":false,"start":0,"stop":1}],[]])");
}

TEST(WriteInfo, TellsTheLabelsOfClassifiersAndRerankers) {
  ServerInfo info;
  info.task = ModelTask::kClassifier;
  info.labels = {"A", "B"};
  EXPECT_NE(
      WriteInfo(info).find(
          R"("model_type":{"classifier":{"id2label":{"0":"A","1":"B"},"label2id":{"A":0,"B":1}}})"),
      std::string::npos)
      << WriteInfo(info);
  info.task = ModelTask::kReranker;
  info.labels = {"LABEL_0"};
  EXPECT_NE(
      WriteInfo(info).find(
          R"("model_type":{"reranker":{"id2label":{"0":"LABEL_0"},"label2id":{"LABEL_0":0}}})"),
      std::string::npos);
}

}  // namespace
}  // namespace embd::http
