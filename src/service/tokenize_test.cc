// The requests to the tokenizer alone.

#include "service/tokenize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "service/input_encoder.h"
#include "service/service_test_support.h"

namespace embd {
namespace {

using ::testing::ElementsAre;
using Ids = std::vector<std::uint32_t>;

TokenizeRequest Texts(std::vector<std::string> texts) {
  TokenizeRequest request;
  request.is_batch = texts.size() != 1;
  request.inputs = std::move(texts);
  return request;
}

DecodeRequest IdLists(std::vector<Ids> ids, bool skip_special_tokens = true) {
  DecodeRequest request;
  request.is_batch = ids.size() != 1;
  request.ids = std::move(ids);
  request.skip_special_tokens = skip_special_tokens;
  return request;
}

// "10:w10@0-3", "2:[CLS]*"
std::vector<std::string> Shown(const std::vector<SimpleToken>& tokens) {
  std::vector<std::string> shown;
  for (const SimpleToken& token : tokens) {
    shown.push_back(std::to_string(token.id) + ":" + token.text + (token.special ? "*" : ""));
    if (token.range) {
      shown.back() +=
          "@" + std::to_string(token.range->begin) + "-" + std::to_string(token.range->end);
    }
  }
  return shown;
}

TEST(TokensOf, CutsTextsWithinCharacters) {
  const auto tokenizer = testing::MakeTestTokenizer();
  Encoding encoding;
  encoding.ids = {2, 10, 11};
  encoding.offsets = {{0, 0}, {0, 1}, {1, 4}};
  encoding.special_tokens_mask = {1, 0, 0};
  const std::string text = "\u00f6ab";  // two bytes and two more
  EXPECT_THAT(Shown(TokensOf(encoding, text, *tokenizer)),
              ElementsAre("2:[CLS]*", "10:\uFFFD@0-1", "11:\uFFFDab@1-4"));
}

class TokenizeTest : public testing::ServiceTest {
 protected:
  std::string TokenizeError(TokenizeRequest request) {
    const auto result = Ask(&Service::Tokenize, std::move(request));
    return result ? "no error" : result.error().message;
  }
  std::string DecodeError(DecodeRequest request) {
    const auto result = Ask(&Service::Decode, std::move(request));
    return result ? "no error" : result.error().message;
  }
};

TEST_F(TokenizeTest, GivesTokensWithTheirPlaces) {
  Start();
  const auto result = Ask(&Service::Tokenize, Texts({"W10  w11", "\u4f60 [SEP]"}));
  ASSERT_TRUE(result.ok()) << result.error().message;
  ASSERT_EQ(result->tokens.size(), 2U);
  EXPECT_THAT(Shown(result->tokens[0]),
              ElementsAre("2:[CLS]*", "10:W10@0-3", "11:w11@5-8", "3:[SEP]*"));
  // The text of an unknown token, and a special token that the text itself has.
  EXPECT_THAT(Shown(result->tokens[1]),
              ElementsAre("2:[CLS]*", "1:\u4f60@0-3", "3:[SEP]@4-9", "3:[SEP]*"));
  // Nothing is counted but failures.
  EXPECT_EQ(metrics_.request_count_batch.value(), 0U);
  EXPECT_EQ(metrics_.answer_bytes.value(), 0);
}

TEST_F(TokenizeTest, HonoursItsOptions) {
  ServiceOptions options = Options();
  options.default_prompt = "w6 ";
  Start(options);
  TokenizeRequest request = Texts({"w10"});
  request.add_special_tokens = false;
  EXPECT_THAT(Shown(Ask(&Service::Tokenize, request)->tokens.at(0)),
              ElementsAre("6:w6@0-2", "10:w10@3-6"));
  request.prompt_name = "query";
  EXPECT_THAT(Shown(Ask(&Service::Tokenize, request)->tokens.at(0)),
              ElementsAre("7:w7@0-2", "10:w10@3-6"));
}

TEST_F(TokenizeTest, NeverCuts) {
  Start();
  const auto result = Ask(&Service::Tokenize, Texts({"w4 w4 w4 w4 w4 w4 w4 w4 w4 w4"}));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->tokens.at(0).size(), 12U);
  EXPECT_TRUE(Ask(&Service::Tokenize, Texts({std::string(2000, ' ')})).ok());
  EXPECT_EQ(TokenizeError(Texts({std::string(2001, ' ')})),
            "Input validation error: `inputs` must have less than 2000 characters. Given: 2001");
  EXPECT_EQ(metrics_.failure_tokenization.value(), 1U);
}

TEST_F(TokenizeTest, RefusesWhatIsEmptyOrTooMuch) {
  Start();
  EXPECT_EQ(TokenizeError(Texts({})), "`inputs` cannot be empty");
  EXPECT_EQ(metrics_.failure_validation.value(), 1U);
  EXPECT_EQ(TokenizeError(Texts({""})), "Input validation error: `inputs` cannot be empty");
  EXPECT_EQ(TokenizeError(Texts({"w10", ""})), "Input validation error: `inputs` cannot be empty");
  EXPECT_EQ(metrics_.failure_tokenization.value(), 2U);
  EXPECT_EQ(TokenizeError(Texts(std::vector<std::string>(33, ""))),
            "batch size 33 > maximum allowed batch size 32");
  EXPECT_EQ(metrics_.failure_batch_size.value(), 1U);
  EXPECT_EQ(TokenizeError(Texts({"\xFF"})), "tokenizer error the text is not valid UTF-8");
  TokenizeRequest unknown = Texts({"w10"});
  unknown.prompt_name = "nope";
  EXPECT_THAT(TokenizeError(unknown), ::testing::HasSubstr("is set to `nope`"));
  unknown.inputs = {""};
  EXPECT_EQ(TokenizeError(unknown), "Input validation error: `inputs` cannot be empty");
  EXPECT_EQ(metrics_.request_count_single.value() + metrics_.request_count_batch.value(), 0U);
}

TEST_F(TokenizeTest, Decodes) {
  Start();
  const auto result =
      Ask(&Service::Decode, IdLists({{2, 10, 11, 3}, {999999}, {999999, 12, 0xFFFFFFFF}}));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_THAT(result->texts, ElementsAre("w10 w11", "", "w12"));
  const auto all = Ask(&Service::Decode, IdLists({{2, 10, 3}}, /*skip_special_tokens=*/false));
  ASSERT_TRUE(all.ok());
  EXPECT_THAT(all->texts, ElementsAre("[CLS] w10 [SEP]"));
}

TEST_F(TokenizeTest, RefusesToDecodeNothingOrTooMuch) {
  Start();
  EXPECT_EQ(DecodeError(IdLists({})), "`ids` cannot be empty");
  EXPECT_EQ(DecodeError(IdLists({{}})), "Input validation error: `input_ids` cannot be empty");
  EXPECT_EQ(DecodeError(IdLists({{10}, {}})),
            "Input validation error: `input_ids` cannot be empty");
  EXPECT_EQ(DecodeError(IdLists({Ids(250 * 8 + 1, 10)})),
            "Input validation error: `ids` must have less than 2000 tokens. Given: 2001");
  EXPECT_EQ(DecodeError(IdLists({Ids(250 * 8, 10)})), "no error");
  DecodeRequest not_kept = IdLists(std::vector<Ids>(32, Ids{10}));
  not_kept.inputs_beyond = 7;
  EXPECT_EQ(DecodeError(not_kept), "batch size 39 > maximum allowed batch size 32");
  EXPECT_EQ(DecodeError(IdLists(std::vector<Ids>(33))),
            "batch size 33 > maximum allowed batch size 32");
}

TEST_F(TokenizeTest, NeedsNoPermits) {
  ServiceOptions options = Options();
  options.info.max_concurrent_requests = 1;
  Start(options, /*workers=*/1);
  CloseGate();
  EmbedRequest embed;
  embed.inputs = {"w10"};
  auto held = Send(&Service::Embed, embed);
  gate_.WaitForArrivals(1);
  EXPECT_FALSE(Ask(&Service::Embed, embed).ok());
  EXPECT_TRUE(Ask(&Service::Tokenize, Texts({"w10"})).ok());
  EXPECT_TRUE(Ask(&Service::Tokenize, Texts({"w10", "w11"})).ok());
  EXPECT_TRUE(Ask(&Service::Decode, IdLists({{10}, {11}})).ok());
  gate_.Open();
  EXPECT_TRUE(held.get().ok());
}

TEST_F(TokenizeTest, DropsWhatNobodyWaitsFor) {
  Start();
  const Cancellation cancellation;
  cancellation.Cancel();
  const auto result = Send(&Service::Tokenize, Texts({"w10", "w11"}), cancellation).get();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(metrics_.failure_dropped.value(), 1U);
  EXPECT_EQ(metrics_.cancelled_total.value(), 2U);
}

TEST_F(TokenizeTest, ManyAtOnceAreAnsweredOnceOrTurnedAway) {
  Start();
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  constexpr int kEach = 200;
  {
    std::vector<std::jthread> clients;
    for (int client = 0; client < 4; ++client) {
      clients.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) {
          service_->Tokenize(Texts({"w10 w11 w12", "w13"}), {}, [&](const auto& result) {
            if (!result) {
              EXPECT_EQ(result.error().kind, ErrorKind::kOverloaded);
              EXPECT_GE(result.error().retry_after_s, 1U);
              ++refused;
            }
            ++answered;
          });
        }
      });
    }
  }
  while (answered < 4 * kEach) std::this_thread::yield();
  service_.reset();
  EXPECT_EQ(answered, 4 * kEach);
  EXPECT_EQ(metrics_.failure_overloaded.value(), static_cast<std::uint64_t>(refused.load()));
}

}  // namespace
}  // namespace embd
