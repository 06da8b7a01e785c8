#include "service/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <future>
#include <mutex>
#include <optional>
#include <ostream>
#include <thread>

#include "service/normalize.h"
#include "service/service_test_support.h"

namespace embd {
namespace {

using namespace std::chrono_literals;

using ::testing::Contains;
using ::testing::Not;
using testing::TestModel;

using Answer = std::future<Result<EmbedResponse>>;
using Ids = std::vector<std::uint32_t>;

constexpr std::int64_t kColumns = 4;

EmbedRequest One(Input input) {
  EmbedRequest request;
  request.inputs.push_back(std::move(input));
  return request;
}

EmbedRequest Batch(std::vector<Input> inputs) {
  EmbedRequest request;
  request.inputs = std::move(inputs);
  request.is_batch = true;
  return request;
}

// The row that TestModel gives for these words.
std::vector<float> RowOf(Ids words, bool normalize = true) {
  words.insert(words.begin(), 2);
  words.push_back(3);
  std::vector<float> row;
  for (std::int64_t c = 0; c < kColumns; ++c) row.push_back(TestModel::Pooled(words, c));
  if (normalize) NormalizeL2(row);
  return row;
}

std::vector<float> RowAt(const EmbedResponse& response, std::int64_t index) {
  const auto begin = response.values.begin() + index * response.dimensions;
  return {begin, begin + response.dimensions};
}

class ServiceTest : public testing::ServiceTest {
 protected:
  Answer Embed(EmbedRequest request, const Cancellation& cancellation = {}) {
    return Send(&Service::Embed, std::move(request), cancellation);
  }

  std::string ErrorOf(EmbedRequest request) {
    const Result<EmbedResponse> result = Embed(std::move(request)).get();
    return result ? "no error" : result.error().message;
  }
};

TEST_F(ServiceTest, EmbedsOneText) {
  Start();
  const Result<EmbedResponse> result = Embed(One("w10 w20")).get();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->dimensions, kColumns);
  EXPECT_EQ(result->values, RowOf({10, 20}));
  EXPECT_EQ(result->compute.characters, 7U);
  EXPECT_EQ(result->compute.tokens, 4U);
  EXPECT_GT(result->compute.tokenization, 0ns);
  EXPECT_GT(result->compute.inference, 0ns);
}

TEST_F(ServiceTest, CutsToDimensionsBeforeNormalizing) {
  Start();
  EmbedRequest request = One("w10");
  request.dimensions = 2;
  const Result<EmbedResponse> cut = Embed(request).get();
  ASSERT_TRUE(cut.ok());
  std::vector<float> expected = RowOf({10}, /*normalize=*/false);
  expected.resize(2);
  request.normalize = false;
  const Result<EmbedResponse> raw = Embed(request).get();
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(raw->values, expected);
  NormalizeL2(expected);
  EXPECT_EQ(cut->values, expected);
  EXPECT_EQ(cut->dimensions, 2);
  request.dimensions = kColumns;
  EXPECT_TRUE(Embed(request).get().ok());
}

TEST_F(ServiceTest, AZeroVectorNormalizesToNaN) {
  Start();
  EmbedRequest request = One(Ids{0});  // [PAD] alone: the model's first column is 0
  request.dimensions = 1;
  const Result<EmbedResponse> result = Embed(request).get();
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(std::isnan(result->values.at(0)));
}

TEST_F(ServiceTest, KeepsTheOrderOfABatch) {
  Start();
  std::vector<Input> inputs;
  for (int i = 0; i < 32; ++i) {
    inputs.emplace_back("w" + std::to_string(10 + i));
  }
  inputs[5] = Ids{2, 500, 3};
  const Result<EmbedResponse> result = Embed(Batch(inputs)).get();
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->values.size(), 32U * kColumns);
  for (std::uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(RowAt(*result, i), RowOf({i == 5 ? 500 : 10 + i}));
  }
  EXPECT_EQ(result->compute.tokens, 32U * 3);
  EXPECT_EQ(result->compute.characters, 32U * 3);
}

TEST_F(ServiceTest, PromptsAndTruncationFollowTheRequestThenTheServer) {
  ServiceOptions options = Options();
  options.default_prompt = "w6 ";
  options.info.auto_truncate = false;
  Start(options);
  EXPECT_EQ(Embed(One("w10")).get()->values, RowOf({6, 10}));
  EmbedRequest named = One("w10");
  named.prompt_name = "query";
  EXPECT_EQ(Embed(named).get()->values, RowOf({7, 10}));

  EmbedRequest longer = One("w11 w12 w13 w14 w15 w16");
  EXPECT_EQ(ErrorOf(longer),
            "Input validation error: `inputs` must have less than 8 tokens. Given: 9");
  longer.truncate = true;
  EXPECT_EQ(Embed(longer).get()->values, RowOf({6, 11, 12, 13, 14, 15}));
  longer.truncation_side = TruncationSide::kLeft;
  EXPECT_EQ(Embed(longer).get()->values, RowOf({11, 12, 13, 14, 15, 16}));
  longer.max_tokens = 4;
  EXPECT_EQ(Embed(longer).get()->values, RowOf({15, 16}));
  longer.truncate = false;
  EXPECT_EQ(Embed(longer).get()->values, RowOf({15, 16}));
}

TEST_F(ServiceTest, TheFirstErrorInInputOrderWins) {
  Start();
  EmbedRequest request = Batch({"w10", "w4 w4 w4 w4 w4 w4 w4", "", "poison"});
  request.truncate = false;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(ErrorOf(request),
              "Input validation error: `inputs` must have less than 8 tokens. Given: 9");
  }
  // The later input fails at once, the earlier one only in the model.
  EXPECT_EQ(ErrorOf(Batch({"poison", ""})), "Backend error: poison");
  EXPECT_EQ(ErrorOf(Batch({"", "poison"})), "Input validation error: `inputs` cannot be empty");
}

TEST_F(ServiceTest, ABadInputDisturbsNoOtherRequestInItsStep) {
  CloseGate();
  Start(Options(), /*workers=*/1);
  Answer first = Embed(One("w4"));
  gate_.WaitForArrivals(1);
  Answer good = Embed(One("w10"));
  Answer poison = Embed(One("poison"));
  Answer nan = Embed(Batch({"w12", "nan"}));
  Answer other = Embed(One("w11"));
  while (metrics_.queue_size.value() < 5) std::this_thread::yield();
  gate_.Open();
  EXPECT_TRUE(first.get().ok());
  EXPECT_EQ(good.get()->values, RowOf({10}));
  EXPECT_EQ(other.get()->values, RowOf({11}));
  const Result<EmbedResponse> failed = poison.get();
  EXPECT_EQ(failed.error().kind, ErrorKind::kBackend);
  EXPECT_EQ(failed.error().message, "Backend error: poison");
  EXPECT_EQ(nan.get().error().kind, ErrorKind::kBackend);
  EXPECT_EQ(metrics_.failure_inference.value(), 2U);
}

TEST_F(ServiceTest, PermitsAreTakenForAllInputsOrNone) {
  CloseGate();
  ServiceOptions options = Options();
  options.info.max_concurrent_requests = 4;
  Start(options);
  Answer three = Embed(Batch({"w10", "w11", "w12"}));
  const Result<EmbedResponse> refused = Embed(Batch({"w13", "w14"})).get();
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverloaded);
  EXPECT_EQ(refused.error().message, "Model is overloaded");
  Answer one = Embed(One("w15"));
  EXPECT_EQ(ErrorOf(One("w16")), "Model is overloaded");
  gate_.Open();
  EXPECT_TRUE(three.get().ok());
  EXPECT_TRUE(one.get().ok());
  EXPECT_TRUE(Embed(Batch({"w10", "w11", "w12", "w13"})).get().ok());
  EXPECT_EQ(metrics_.failure_overloaded.value(), 2U);
  EXPECT_EQ(metrics_.embed.count.value(), 8U);
}

TEST_F(ServiceTest, WhoHasItsAnswerMaySendTheNextRequestAtOnce) {
  ServiceOptions options = Options();
  options.info.max_concurrent_requests = 1;
  Start(options);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(Embed(One("w10")).get().ok());
  }
}

TEST_F(ServiceTest, CancelledRequestsAreNotTokenized) {
  Start();
  const Cancellation cancellation;
  cancellation.Cancel();
  const Result<EmbedResponse> result = Embed(Batch({"w10", "w11"}), cancellation).get();
  EXPECT_EQ(result.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(model_->runs(), 0);
  EXPECT_EQ(metrics_.failure_dropped.value(), 1U);
  EXPECT_EQ(metrics_.cancelled_total.value(), 2U);
  EXPECT_EQ(metrics_.input_length.sum(), 0);
}

TEST_F(ServiceTest, RequestsCancelledInTheQueueAreNotRun) {
  std::mutex mutex;
  Ids seen;
  model_->on_run = [&](const PackedBatch& batch) {
    gate_.Wait();
    const std::lock_guard lock(mutex);
    seen.insert(seen.end(), batch.ids.begin(), batch.ids.end());
  };
  Start(Options(), /*workers=*/1);
  Answer first = Embed(One("w10"));
  gate_.WaitForArrivals(1);
  const Cancellation cancellation;
  Answer gone = Embed(Batch({"w20", "w21"}), cancellation);
  while (metrics_.queue_size.value() < 2) std::this_thread::yield();
  cancellation.Cancel();
  gate_.Open();
  EXPECT_EQ(gone.get().error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(first.get().ok());
  EXPECT_THAT(seen, Not(Contains(20U)));
  EXPECT_EQ(metrics_.failure_dropped.value(), 1U);
  EXPECT_EQ(metrics_.cancelled_total.value(), 2U);
}

TEST_F(ServiceTest, ServesManyClientsAtOnce) {
  Start();
  {
    std::vector<std::jthread> clients;
    for (std::uint32_t client = 0; client < 64; ++client) {
      clients.emplace_back([this, client] {
        for (std::uint32_t i = 0; i < 10; ++i) {
          const std::uint32_t word = 4 + client * 10 + i;
          const std::string text = "w" + std::to_string(word);
          if (i % 5 == 4) {
            ASSERT_EQ(ErrorOf(One(text + " poison")), "Backend error: poison");
            continue;
          }
          const Result<EmbedResponse> result = Embed(One(text)).get();
          ASSERT_TRUE(result.ok()) << result.error().message;
          ASSERT_EQ(result->values, RowOf({word}));
        }
      });
    }
  }
  EXPECT_EQ(metrics_.request_count_single.value(), 640U);
  EXPECT_EQ(metrics_.request_success_single.value(), 512U);
  EXPECT_EQ(metrics_.failure_inference.value(), 128U);
}

TEST_F(ServiceTest, CountsEachThingOnce) {
  Start();
  ASSERT_TRUE(Embed(One("w10")).get().ok());
  ASSERT_TRUE(Embed(Batch({"w10", "w11", "w12"})).get().ok());
  const auto count = [](const Histogram& histogram) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= histogram.edges().size(); ++i) sum += histogram.bucket(i);
    return sum;
  };
  EXPECT_EQ(metrics_.request_count_single.value(), 1U);
  EXPECT_EQ(metrics_.request_count_batch.value(), 1U);
  EXPECT_EQ(metrics_.request_success_single.value(), 1U);
  EXPECT_EQ(metrics_.request_success_batch.value(), 1U);
  EXPECT_EQ(metrics_.embed.count.value(), 4U);
  EXPECT_EQ(metrics_.embed.success.value(), 4U);
  for (const StageHistograms* stages : {&metrics_.request, &metrics_.embed.duration}) {
    const std::uint64_t expected = stages == &metrics_.request ? 2 : 4;
    EXPECT_EQ(count(stages->total), expected);
    EXPECT_EQ(count(stages->tokenization), expected);
    EXPECT_EQ(count(stages->queue), expected);
    EXPECT_EQ(count(stages->inference), expected);
  }
  EXPECT_EQ(count(metrics_.input_length), 4U);
  EXPECT_EQ(metrics_.input_length.sum(), 12);
  EXPECT_EQ(metrics_.tokens_total.value(), 12U);
  EXPECT_EQ(metrics_.batch_next_size.sum(), 4);
}

TEST_F(ServiceTest, DestructionAnswersEveryRequestOnce) {
  CloseGate();
  Start(Options(), /*workers=*/1);
  std::atomic<int> answered{0};
  for (int i = 0; i < 16; ++i) {
    service_->Embed(Batch({"w10", "w11", "w12"}), {},
                    [&](const Result<EmbedResponse>&) { ++answered; });
  }
  gate_.WaitForArrivals(1);
  std::jthread destroyer([&] { service_.reset(); });
  gate_.Open();
  destroyer.join();
  EXPECT_EQ(answered, 16);
}

TEST_F(ServiceTest, ADoneThatThrowsHurtsNobody) {
  Start();
  service_->Embed(One("w10"), {}, [](const Result<EmbedResponse>&) { throw 1; });
  EXPECT_TRUE(Embed(One("w11")).get().ok());
}

TEST_F(ServiceTest, MetricsSayWhetherTheServerIsHealthy) {
  std::atomic<bool> broken{false};
  model_->on_run = [&](const PackedBatch&) {
    if (broken) throw std::runtime_error("broken");
  };
  Start();
  EXPECT_EQ(service_->metrics().healthy.value(), 1);
  broken = true;
  EXPECT_EQ(ErrorOf(One("w10")), "Backend error: broken");
  // The step's end is noted just after its answers are given.
  while (service_->Health().healthy) std::this_thread::yield();
  EXPECT_EQ(service_->metrics().healthy.value(), 0);
  broken = false;
  while (!service_->Health().healthy) std::this_thread::yield();
  EXPECT_EQ(service_->metrics().healthy.value(), 1);
}

struct Refusal {
  std::string name;
  EmbedRequest request;
  ErrorKind kind = ErrorKind::kValidation;
  std::string message;
  Counter Metrics::*counter = nullptr;  // the one that counts it
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

EmbedRequest WithDimensions(EmbedRequest request, std::uint32_t dimensions) {
  request.dimensions = dimensions;
  return request;
}

EmbedRequest WithPrompt(EmbedRequest request, const std::string& name) {
  request.prompt_name = name;
  return request;
}

EmbedRequest Untruncated(EmbedRequest request) {
  request.truncate = false;
  return request;
}

class RefusalTest : public ServiceTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusalTest, IsAnsweredAndCounted) {
  Start();
  const Refusal& refusal = GetParam();
  const Result<EmbedResponse> result = Embed(refusal.request).get();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, refusal.kind);
  EXPECT_EQ(result.error().message, refusal.message);
  for (Counter Metrics::*counter :
       {&Metrics::failure_validation, &Metrics::failure_batch_size, &Metrics::failure_overloaded,
        &Metrics::failure_tokenization, &Metrics::failure_inference, &Metrics::failure_dropped}) {
    EXPECT_EQ((metrics_.*counter).value(), counter == refusal.counter ? 1U : 0U);
  }
  EXPECT_EQ(metrics_.request_count_single.value() + metrics_.request_count_batch.value(), 1U);
  EXPECT_EQ(metrics_.request_success_single.value() + metrics_.request_success_batch.value(), 0U);
  // All permits are back.
  EXPECT_TRUE(Embed(Batch(std::vector<Input>(32, "w10"))).get().ok());
}

constexpr const char* kEmpty = "Input validation error: `inputs` cannot be empty";
constexpr const char* kUnknownPrompt =
    "Input validation error: `default-prompt-name` is set to `nope` but it was not found in the "
    "Sentence Transformers prompts. Available prompts: [\"query\"]";

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    ::testing::Values(
        Refusal{"BatchTooLarge", Batch(std::vector<Input>(33, "w10")), ErrorKind::kValidation,
                "batch size 33 > maximum allowed batch size 32", &Metrics::failure_batch_size},
        Refusal{"BatchTooLargeComesFirst", WithDimensions(Batch(std::vector<Input>(33, "")), 0),
                ErrorKind::kValidation, "batch size 33 > maximum allowed batch size 32",
                &Metrics::failure_batch_size},
        Refusal{"EmptyBatch", Batch({}), ErrorKind::kEmpty, kEmpty, &Metrics::failure_validation},
        Refusal{"EmptyText", One(""), ErrorKind::kEmpty, kEmpty, &Metrics::failure_tokenization},
        Refusal{"EmptyIds", One(Ids{}), ErrorKind::kEmpty, kEmpty, &Metrics::failure_tokenization},
        Refusal{"EmptyTextInABatch", Batch({"w10", ""}), ErrorKind::kEmpty, kEmpty,
                &Metrics::failure_tokenization},
        Refusal{"UnknownIds", One(Ids{999999}), ErrorKind::kEmpty, kEmpty,
                &Metrics::failure_tokenization},
        Refusal{"ZeroDimensions", WithDimensions(One("w10"), 0), ErrorKind::kValidation,
                "Input validation error: `dimensions` should be positive",
                &Metrics::failure_validation},
        Refusal{"ZeroDimensionsBeforeEmpty", WithDimensions(One(""), 0), ErrorKind::kValidation,
                "Input validation error: `dimensions` should be positive",
                &Metrics::failure_validation},
        Refusal{"TooManyDimensions", WithDimensions(One("w10"), 5), ErrorKind::kValidation,
                "Input validation error: `dimensions` should be smaller than the maximum "
                "embedding dimension.",
                &Metrics::failure_validation},
        Refusal{"UnknownPrompt", WithPrompt(One("w10"), "nope"), ErrorKind::kValidation,
                kUnknownPrompt, &Metrics::failure_tokenization},
        Refusal{"EmptyBeforeUnknownPrompt", WithPrompt(Batch({"", "w10"}), "nope"),
                ErrorKind::kEmpty, kEmpty, &Metrics::failure_tokenization},
        Refusal{"UnknownPromptBeforeEmpty", WithPrompt(Batch({"w10", ""}), "nope"),
                ErrorKind::kValidation, kUnknownPrompt, &Metrics::failure_tokenization},
        Refusal{"TooManyTokens", Untruncated(One("w4 w4 w4 w4 w4 w4 w4")), ErrorKind::kValidation,
                "Input validation error: `inputs` must have less than 8 tokens. Given: 9",
                &Metrics::failure_tokenization},
        Refusal{"TooManyCharacters", Untruncated(One(std::string(2001, ' '))),
                ErrorKind::kValidation,
                "Input validation error: `inputs` must have less than 2000 characters. Given: 2001",
                &Metrics::failure_tokenization},
        Refusal{"NotUtf8", One("\xFF"), ErrorKind::kTokenizer,
                "tokenizer error the text is not valid UTF-8", &Metrics::failure_tokenization},
        Refusal{"ModelThrows", One("poison"), ErrorKind::kBackend, "Backend error: poison",
                &Metrics::failure_inference},
        Refusal{"NotFinite", One("infinite"), ErrorKind::kBackend,
                "Backend error: the model's output is not finite", &Metrics::failure_inference}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace embd
