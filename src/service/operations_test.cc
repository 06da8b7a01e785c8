// What the service makes of the model's rows for each kind of request, and what it refuses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>

#include "service/service_test_support.h"

namespace embd {
namespace {

using ::testing::ElementsAre;
using testing::TestModel;

using Ids = std::vector<std::uint32_t>;

EmbedTokensRequest TokensOf(std::vector<Input> inputs) {
  EmbedTokensRequest request;
  request.is_batch = inputs.size() > 1;
  request.inputs = std::move(inputs);
  return request;
}

PredictRequest Predict(std::vector<Input> inputs, bool raw_scores = true) {
  PredictRequest request;
  request.is_batch = inputs.size() > 1;
  request.inputs = std::move(inputs);
  request.raw_scores = raw_scores;
  return request;
}

RerankRequest Rerank(const std::string& query, std::vector<std::string> texts,
                     bool raw_scores = true) {
  RerankRequest request;
  request.query = query;
  request.texts = std::move(texts);
  request.raw_scores = raw_scores;
  return request;
}

class OperationsTest : public testing::ServiceTest {
 protected:
  static ServiceOptions For(ModelTask task, Pooling pooling = Pooling::kMean) {
    ServiceOptions options = Options();
    options.info.task = task;
    options.info.pooling = pooling;
    return options;
  }
  // One logit.
  void StartReranker(const ServiceOptions& options = For(ModelTask::kReranker)) {
    model_ = std::make_unique<TestModel>(1);
    Start(options);
  }
};

// TestModel's row of a token.
float TokenValue(std::uint32_t id, std::uint32_t position, int column) {
  return static_cast<float>(id) * 1000 + static_cast<float>(position) + static_cast<float>(column);
}

TEST_F(OperationsTest, EmbedTokensGivesARowForEachToken) {
  Start();
  const auto result = Ask(&Service::EmbedTokens, TokensOf({"w10 w11", Ids{2, 12, 3}, "w13"}));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->dimensions, kColumns);
  EXPECT_THAT(result->ends, ElementsAre(4, 7, 10));
  const std::vector<Ids> ids = {{2, 10, 11, 3}, {2, 12, 3}, {2, 13, 3}};
  std::vector<float> expected;
  for (const Ids& input : ids) {
    for (std::uint32_t i = 0; i < input.size(); ++i) {
      for (int c = 0; c < kColumns; ++c) expected.push_back(TokenValue(input[i], i, c));
    }
  }
  EXPECT_EQ(result->values, expected);
  EXPECT_EQ(result->compute.tokens, 10U);
  EXPECT_EQ(metrics_.embed.success.value(), 3U);
  EXPECT_EQ(metrics_.request_success_batch.value(), 1U);
}

TEST_F(OperationsTest, EmbedTokensOfOneText) {
  Start();
  const auto result = Ask(&Service::EmbedTokens, TokensOf({"w10"}));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->ends, ElementsAre(3));
  EXPECT_EQ(result->values.size(), 3U * kColumns);
  EXPECT_EQ(result->values[kColumns], TokenValue(10, 1, 0));
  EXPECT_EQ(metrics_.answer_bytes.value(), 0);
}

TEST_F(OperationsTest, EmbedSparseLeavesZerosOut) {
  Start(For(ModelTask::kEmbedding, Pooling::kSplade));
  // [PAD] alone makes the model's row 0, 1, 2, 3.
  const auto result = Ask(&Service::EmbedSparse, TokensOf({Ids{0}, "w10"}));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_THAT(result->ends, ElementsAre(3, 7));
  std::vector<std::uint32_t> indices;
  std::vector<float> values;
  for (const SparseValue& value : result->values) {
    indices.push_back(value.index);
    values.push_back(value.value);
  }
  EXPECT_THAT(indices, ElementsAre(1, 2, 3, 0, 1, 2, 3));
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 15, 16, 17, 18));
  EXPECT_EQ(metrics_.embed.success.value(), 2U);
}

TEST_F(OperationsTest, SpladeVectorsMayBeHadDense) {
  Start(For(ModelTask::kEmbedding, Pooling::kSplade));
  EmbedRequest request;
  request.inputs = {"w10"};
  request.normalize = false;
  const auto result = Ask(&Service::Embed, request);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->values, ElementsAre(15, 16, 17, 18));
}

TEST_F(OperationsTest, PredictSortsTheLabels) {
  Start(For(ModelTask::kClassifier));
  const auto result = Ask(&Service::Predict, Predict({"w10", TextPair{"w11", "w12"}}));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->labels, 4U);
  ASSERT_EQ(result->predictions.size(), 8U);
  EXPECT_EQ(result->predictions[0].label, 3U);
  EXPECT_EQ(result->predictions[0].score, 18);
  EXPECT_EQ(result->predictions[3].label, 0U);
  // [CLS] w11 [SEP] w12 [SEP]
  EXPECT_EQ(result->predictions[7].score, 2 + 11 + 3 + 12 + 3);
  EXPECT_EQ(metrics_.predict.count.value(), 2U);
  EXPECT_EQ(metrics_.predict.success.value(), 2U);
  EXPECT_EQ(metrics_.embed.count.value(), 0U);
  EXPECT_EQ(metrics_.request_count_batch.value(), 1U);
  EXPECT_EQ(metrics_.request_success_batch.value(), 1U);
}

TEST_F(OperationsTest, PredictGivesProbabilities) {
  Start(For(ModelTask::kClassifier));
  const auto result = Ask(&Service::Predict, Predict({"w10"}, /*raw_scores=*/false));
  ASSERT_TRUE(result.ok());
  double sum = 0;
  for (const Prediction& prediction : result->predictions) sum += prediction.score;
  EXPECT_NEAR(sum, 1, 1e-6);
  // Each logit is one more than the one before.
  EXPECT_NEAR(result->predictions[0].score / result->predictions[1].score, std::exp(1), 1e-5);
  EXPECT_EQ(metrics_.request_count_single.value(), 1U);
  EXPECT_EQ(metrics_.request_success_single.value(), 1U);
}

TEST_F(OperationsTest, PredictOfARerankerHasOneScore) {
  StartReranker();
  const auto result = Ask(&Service::Predict, Predict({Ids{0}}, /*raw_scores=*/false));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->labels, 1U);
  EXPECT_EQ(result->predictions.at(0).score, 0.5F);
}

TEST_F(OperationsTest, RerankOrdersTexts) {
  StartReranker();
  const auto result = Ask(&Service::Rerank, Rerank("w10", {"w20", "w40", "w30", "w40"}));
  ASSERT_TRUE(result.ok()) << result.error().message;
  std::vector<std::uint32_t> order;
  for (const Rank& rank : result->ranks) order.push_back(rank.index);
  EXPECT_THAT(order, ElementsAre(3, 1, 2, 0));
  EXPECT_EQ(result->ranks[0].score, 2 + 10 + 3 + 40 + 3);
  // The query counts once a text.
  EXPECT_EQ(result->compute.characters, 4U * 6);
  EXPECT_EQ(result->compute.tokens, 4U * 5);
  EXPECT_EQ(metrics_.predict.success.value(), 4U);
  EXPECT_EQ(metrics_.request_success_batch.value(), 1U);
  const auto scores = Ask(&Service::Rerank, Rerank("w10", {"w20"}, /*raw_scores=*/false));
  ASSERT_TRUE(scores.ok());
  EXPECT_EQ(scores->ranks.at(0).score, 1.0F);  // of 38
}

TEST_F(OperationsTest, RerankCutsTheLongerOfTheTwo) {
  StartReranker();
  const auto result = Ask(&Service::Rerank, Rerank("w10", {"w11 w12 w13 w14 w15 w16 w17 w18"}));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->compute.tokens, 8U);
  EXPECT_EQ(result->ranks.at(0).score, 2 + 10 + 3 + 11 + 12 + 13 + 14 + 3);
}

TEST_F(OperationsTest, AScoreThatIsNotANumberFailsTheRequest) {
  StartReranker();
  for (const bool raw : {false, true}) {
    const auto result = Ask(&Service::Rerank, Rerank("w10", {"w11", "nan"}, raw));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::kBackend);
    EXPECT_EQ(result.error().message, "score is NaN");
    const auto predicted = Ask(&Service::Predict, Predict({"nan"}, raw));
    ASSERT_FALSE(predicted.ok());
    EXPECT_EQ(predicted.error().message, "score is NaN");
  }
  EXPECT_EQ(metrics_.failure_inference.value(), 4U);
  // An infinite logit is a score all the same.
  const auto infinite = Ask(&Service::Rerank, Rerank("w10", {"infinite"}, false));
  ASSERT_TRUE(infinite.ok());
  EXPECT_EQ(infinite->ranks.at(0).score, 1.0F);
  EXPECT_TRUE(service_->Health().healthy);
}

TEST_F(OperationsTest, AnswersBeyondTheBudgetAreTurnedAway) {
  // Rows of 256 KiB, of which 32 may be gathered at once.
  model_ = std::make_unique<TestModel>(std::int64_t{1} << 16U);
  Start(For(ModelTask::kEmbedding, Pooling::kSplade), /*workers=*/1);
  CloseGate();
  EmbedRequest many;
  many.inputs.resize(32, Input("w10"));
  many.is_batch = true;
  many.normalize = false;
  EmbedRequest one;
  one.inputs = {"w10"};
  one.normalize = false;
  auto first = Send(&Service::Embed, many);
  EXPECT_EQ(metrics_.answer_bytes.value(), 8U << 20U);
  const auto second = Ask(&Service::Embed, one);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kOverloaded);
  EXPECT_GE(second.error().retry_after_s, 1U);
  EXPECT_EQ(metrics_.failure_overloaded.value(), 1U);
  EXPECT_EQ(metrics_.rejected_total.value(), 1U);
  gate_.Open();
  EXPECT_TRUE(first.get().ok());
  // Whoever has the answer may send the next request at once.
  EXPECT_TRUE(Ask(&Service::Embed, many).ok());
  EXPECT_TRUE(Ask(&Service::Embed, one).ok());
  EXPECT_EQ(metrics_.answer_bytes.value(), 0);
}

// What a protocol has not kept counts where TEI counts it: after what the model is for.
TEST_F(OperationsTest, InputsThatWereNotKeptCount) {
  Start();
  EmbedTokensRequest tokens = TokensOf(std::vector<Input>(32, "w10"));
  tokens.inputs_beyond = 1;
  const auto many = Ask(&Service::EmbedTokens, tokens);
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.error().message, "batch size 33 > maximum allowed batch size 32");
  EXPECT_EQ(metrics_.failure_batch_size.value(), 1U);
  EXPECT_EQ(metrics_.request_count_batch.value(), 1U);
  RerankRequest rerank = Rerank("w10", std::vector<std::string>(32, "w11"));
  rerank.inputs_beyond = 1;
  EXPECT_EQ(Ask(&Service::Rerank, rerank).error().message,
            "Backend error: model is not a re-ranker model");
}

TEST_F(OperationsTest, OverloadSaysWhenToTryAgain) {
  ServiceOptions options = For(ModelTask::kReranker);
  options.info.max_concurrent_requests = 2;
  StartReranker(options);
  CloseGate();
  auto first = Send(&Service::Rerank, Rerank("w10", {"w11", "w12"}));
  const auto refused = Ask(&Service::Rerank, Rerank("w10", {"w11"}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverloaded);
  EXPECT_GE(refused.error().retry_after_s, 1U);
  EXPECT_LE(refused.error().retry_after_s, 60U);
  EXPECT_EQ(metrics_.rejected_total.value(), 1U);
  gate_.Open();
  EXPECT_TRUE(first.get().ok());
}

// --- what is refused, in which order

struct OperationRefusal {
  std::string name;
  ServiceOptions options;
  // Sends the request and tells its error.
  std::function<Error(Service&)> ask;
  ErrorKind kind = ErrorKind::kBackend;
  std::string message;
  Counter Metrics::*counter = nullptr;
};

void PrintTo(const OperationRefusal& refusal, std::ostream* out) { *out << refusal.name; }

template <typename Request, typename Response>
std::function<Error(Service&)> Asking(void (Service::*method)(Request, const Cancellation&,
                                                              Service::Done<Response>),
                                      const std::type_identity_t<Request>& request) {
  return [method, request](Service& service) {
    std::promise<Result<Response>> promise;
    (service.*method)(request, {}, [&](Result<Response> r) { promise.set_value(std::move(r)); });
    const Result<Response> result = promise.get_future().get();
    return result ? Error{.kind = ErrorKind::kUnhealthy, .message = "no error"} : result.error();
  };
}

class OperationRefusalTest : public OperationsTest,
                             public ::testing::WithParamInterface<OperationRefusal> {
 public:
  static ServiceOptions With(ModelTask task, Pooling pooling = Pooling::kMean) {
    return For(task, pooling);
  }
};

TEST_P(OperationRefusalTest, IsAnsweredAndCountedOnce) {
  const OperationRefusal& refusal = GetParam();
  Start(refusal.options);
  const Error error = refusal.ask(*service_);
  EXPECT_EQ(error.message, refusal.message);
  EXPECT_EQ(error.kind, refusal.kind);
  for (Counter Metrics::*counter :
       {&Metrics::failure_validation, &Metrics::failure_batch_size, &Metrics::failure_model_type,
        &Metrics::failure_overloaded, &Metrics::failure_tokenization, &Metrics::failure_inference,
        &Metrics::failure_dropped}) {
    EXPECT_EQ((metrics_.*counter).value(), counter == refusal.counter ? 1U : 0U);
  }
  EXPECT_EQ(metrics_.request_count_single.value() + metrics_.request_count_batch.value(), 1U);
  EXPECT_EQ(metrics_.request_success_single.value() + metrics_.request_success_batch.value(), 0U);
  EXPECT_EQ(model_->runs(), 0);
}

ServiceOptions Of(ModelTask task, Pooling pooling = Pooling::kMean) {
  return OperationRefusalTest::With(task, pooling);
}

ServiceOptions Prompted(ServiceOptions options) {
  options.default_prompt = "w7 ";
  return options;
}

EmbedRequest EmbedOf(std::vector<Input> inputs, std::optional<std::uint32_t> dimensions = {}) {
  EmbedRequest request;
  request.is_batch = inputs.size() > 1;
  request.inputs = std::move(inputs);
  request.dimensions = dimensions;
  return request;
}

EmbedRequest CutTo(std::uint32_t max_tokens, EmbedRequest request) {
  request.max_tokens = max_tokens;
  return request;
}

constexpr ModelTask kEmbedding = ModelTask::kEmbedding;
constexpr ModelTask kClassifier = ModelTask::kClassifier;
constexpr ModelTask kReranker = ModelTask::kReranker;
constexpr const char* kNotEmbedding = "Backend error: Model is not an embedding model";
constexpr const char* kNotSplade =
    "Backend error: Model is not an embedding model with SPLADE pooling";
constexpr const char* kNotReranker = "Backend error: model is not a re-ranker model";
constexpr const char* kTooMany = "batch size 33 > maximum allowed batch size 32";
constexpr const char* kPair =
    "Input validation error: `prompt_name` cannot be set with dual inputs";

const std::vector<Input> k33(33, "w10");
const std::vector<std::string> k33Texts(33, "w10");

INSTANTIATE_TEST_SUITE_P(
    All, OperationRefusalTest,
    ::testing::Values(
        OperationRefusal{
            "CutToMoreThanTheLongestInput", Of(kEmbedding),
            Asking(&Service::Embed, CutTo(9, EmbedOf({"w10"}))), ErrorKind::kValidation,
            "Input validation error: `truncate_prompt_tokens` must not be larger than the 8 "
            "tokens of the longest input. Given: 9",
            &Metrics::failure_validation},
        OperationRefusal{"EmbedOnAClassifier", Of(kClassifier),
                         Asking(&Service::Embed, EmbedOf({"w10"})), ErrorKind::kBackend,
                         kNotEmbedding, &Metrics::failure_model_type},
        OperationRefusal{"BatchSizeComesFirst", Of(kClassifier),
                         Asking(&Service::Embed, EmbedOf(k33)), ErrorKind::kValidation, kTooMany,
                         &Metrics::failure_batch_size},
        OperationRefusal{"ModelComesBeforeEmpty", Of(kReranker),
                         Asking(&Service::Embed, EmbedOf({""})), ErrorKind::kBackend, kNotEmbedding,
                         &Metrics::failure_model_type},
        OperationRefusal{"NoDimensionsComeBeforeTheModel", Of(kReranker),
                         Asking(&Service::Embed, EmbedOf({"w10"}, 0)), ErrorKind::kValidation,
                         "Input validation error: `dimensions` should be positive",
                         &Metrics::failure_validation},
        OperationRefusal{"EmptyComesBeforeTooManyDimensions", Of(kEmbedding),
                         Asking(&Service::Embed, EmbedOf({""}, 5)), ErrorKind::kEmpty,
                         "Input validation error: `inputs` cannot be empty",
                         &Metrics::failure_tokenization},
        OperationRefusal{"NormalizeOnSplade", Of(kEmbedding, Pooling::kSplade),
                         Asking(&Service::Embed, EmbedOf({"w10"}, 0)), ErrorKind::kBackend,
                         "Backend error: `normalize` is not available for SPLADE models",
                         &Metrics::failure_model_type},
        OperationRefusal{"TokensOnSplade", Of(kEmbedding, Pooling::kSplade),
                         Asking(&Service::EmbedTokens, TokensOf({"w10"})), ErrorKind::kBackend,
                         "Backend error: `embed_all` is not available for SPLADE models",
                         &Metrics::failure_model_type},
        OperationRefusal{"TokensOnAClassifier", Of(kClassifier),
                         Asking(&Service::EmbedTokens, TokensOf({"w10"})), ErrorKind::kBackend,
                         kNotEmbedding, &Metrics::failure_model_type},
        OperationRefusal{"SparseOnAnotherPooling", Of(kEmbedding),
                         Asking(&Service::EmbedSparse, TokensOf({"w10"})), ErrorKind::kBackend,
                         kNotSplade, &Metrics::failure_model_type},
        OperationRefusal{"SparseOnAClassifier", Of(kClassifier, Pooling::kSplade),
                         Asking(&Service::EmbedSparse, TokensOf({"w10"})), ErrorKind::kBackend,
                         kNotSplade, &Metrics::failure_model_type},
        OperationRefusal{"PredictOnAnEmbeddingModel", Of(kEmbedding),
                         Asking(&Service::Predict, Predict({"w10"})), ErrorKind::kBackend,
                         "Backend error: Model is not a classifier model",
                         &Metrics::failure_model_type},
        OperationRefusal{"PredictTooMany", Of(kClassifier), Asking(&Service::Predict, Predict(k33)),
                         ErrorKind::kValidation, kTooMany, &Metrics::failure_batch_size},
        OperationRefusal{"PredictEmptyPair", Of(kClassifier),
                         Asking(&Service::Predict, Predict({TextPair{"", ""}})), ErrorKind::kEmpty,
                         "Input validation error: `inputs` cannot be empty",
                         &Metrics::failure_tokenization},
        OperationRefusal{"PredictPairWithAPrompt", Prompted(Of(kClassifier)),
                         Asking(&Service::Predict, Predict({TextPair{"w10", "w11"}})),
                         ErrorKind::kValidation, kPair, &Metrics::failure_tokenization},
        OperationRefusal{"RerankWithAPrompt", Prompted(Of(kReranker)),
                         Asking(&Service::Rerank, Rerank("w10", {"w11"})), ErrorKind::kValidation,
                         kPair, &Metrics::failure_tokenization},
        OperationRefusal{"RerankNothing", Of(kEmbedding),
                         Asking(&Service::Rerank, Rerank("w10", {})), ErrorKind::kEmpty,
                         "`texts` cannot be empty", &Metrics::failure_validation},
        OperationRefusal{"RerankOnAnEmbeddingModel", Of(kEmbedding),
                         Asking(&Service::Rerank, Rerank("w10", k33Texts)), ErrorKind::kBackend,
                         kNotReranker, &Metrics::failure_model_type},
        OperationRefusal{"RerankOnSeveralLabels", Of(kClassifier),
                         Asking(&Service::Rerank, Rerank("w10", {"w11"})), ErrorKind::kBackend,
                         kNotReranker, &Metrics::failure_model_type},
        OperationRefusal{"RerankTooMany", Of(kReranker),
                         Asking(&Service::Rerank, Rerank("w10", k33Texts)), ErrorKind::kValidation,
                         kTooMany, &Metrics::failure_batch_size},
        OperationRefusal{"RerankBothEmpty", Of(kReranker),
                         Asking(&Service::Rerank, Rerank("", {""})), ErrorKind::kEmpty,
                         "Input validation error: `inputs` cannot be empty",
                         &Metrics::failure_tokenization}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace embd
