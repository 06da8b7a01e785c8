#include "api/validation.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

namespace embd {
namespace {

const ServerInfo& Info() {
  static const ServerInfo info = [] {
    ServerInfo made;
    made.max_input_length = 256;
    made.max_client_batch_size = 32;
    return made;
  }();
  return info;
}

constexpr std::int64_t kSize = 384;

const Prompts kNone;
const Prompts kTwo = {{"query", "query: "}, {"say \"x\"", "x"}};

struct ValidationCase {
  std::string name;
  std::function<Result<void>()> check;
  std::optional<ErrorKind> kind = {};  // nothing: passes
  std::string message = {};
};

void PrintTo(const ValidationCase& c, std::ostream* out) { *out << c.name; }

Result<void> Prompt(const std::optional<std::string>& name, const Prompts& prompts) {
  const std::string default_prompt = "default: ";
  const auto chosen = ChoosePrompt(name, prompts, default_prompt);
  if (chosen) return {};
  return chosen.error();
}

class ValidationTest : public ::testing::TestWithParam<ValidationCase> {};

TEST_P(ValidationTest, Says) {
  const Result<void> result = GetParam().check();
  ASSERT_EQ(result.ok(), !GetParam().kind.has_value());
  if (result) return;
  EXPECT_EQ(result.error().kind, *GetParam().kind);
  EXPECT_EQ(result.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, ValidationTest,
    ::testing::Values(
        ValidationCase{.name = "LargestBatch", .check = [] { return CheckBatchSize(32, Info()); }},
        ValidationCase{.name = "BatchTooLarge",
                       .check = [] { return CheckBatchSize(33, Info()); },
                       .kind = ErrorKind::kValidation,
                       .message = "batch size 33 > maximum allowed batch size 32"},
        ValidationCase{.name = "NoDimensions", .check = [] { return CheckDimensions({}, kSize); }},
        ValidationCase{.name = "AllDimensions",
                       .check = [] { return CheckDimensions(384, kSize); }},
        ValidationCase{.name = "ZeroDimensions",
                       .check = [] { return CheckDimensions(0, kSize); },
                       .kind = ErrorKind::kValidation,
                       .message = "Input validation error: `dimensions` should be positive"},
        ValidationCase{
            .name = "TooManyDimensions",
            .check = [] { return CheckDimensions(385, kSize); },
            .kind = ErrorKind::kValidation,
            .message = "Input validation error: `dimensions` should be smaller than the maximum "
                       "embedding dimension."},
        ValidationCase{.name = "NoMaxTokens", .check = [] { return CheckMaxTokens({}, Info()); }},
        ValidationCase{.name = "AllTokens", .check = [] { return CheckMaxTokens(256, Info()); }},
        ValidationCase{
            .name = "MoreThanAllTokens",
            .check = [] { return CheckMaxTokens(257, Info()); },
            .kind = ErrorKind::kValidation,
            .message =
                "Input validation error: `truncate_prompt_tokens` must not be larger than the "
                "256 tokens of the longest input. Given: 257"},
        ValidationCase{.name = "ASpaceIsNotEmpty", .check = [] { return CheckNotEmpty(" "); }},
        ValidationCase{.name = "EmptyText",
                       .check = [] { return CheckNotEmpty(""); },
                       .kind = ErrorKind::kEmpty,
                       .message = "Input validation error: `inputs` cannot be empty"},
        ValidationCase{.name = "NoIds",
                       .check = [] { return CheckNotEmpty(std::vector<std::uint32_t>{}); },
                       .kind = ErrorKind::kEmpty,
                       .message = "Input validation error: `inputs` cannot be empty"},
        ValidationCase{.name = "MostCharacters",
                       .check = [] { return CheckCharacters(64000, Info()); }},
        ValidationCase{
            .name = "TooManyCharacters",
            .check = [] { return CheckCharacters(200000, Info()); },
            .kind = ErrorKind::kValidation,
            .message = "Input validation error: `inputs` must have less than 64000 characters. "
                       "Given: 200000"},
        ValidationCase{.name = "MostTokens", .check = [] { return CheckTokens(256, Info()); }},
        ValidationCase{
            .name = "TooManyTokens",
            .check = [] { return CheckTokens(2002, Info()); },
            .kind = ErrorKind::kValidation,
            .message =
                "Input validation error: `inputs` must have less than 256 tokens. Given: 2002"},
        ValidationCase{.name = "DefaultPrompt", .check = [] { return Prompt({}, kNone); }},
        ValidationCase{.name = "KnownPrompt", .check = [] { return Prompt("query", kTwo); }},
        ValidationCase{
            .name = "NoPromptsAtAll",
            .check = [] { return Prompt("query", kNone); },
            .kind = ErrorKind::kValidation,
            .message = "Input validation error: `default-prompt-name` is set to `query` but no "
                       "prompts were found in the Sentence Transformers configuration"},
        ValidationCase{
            .name = "UnknownPrompt",
            .check = [] { return Prompt("", kTwo); },
            .kind = ErrorKind::kValidation,
            .message = "Input validation error: `default-prompt-name` is set to `` but it was not "
                       "found in the Sentence Transformers prompts. Available prompts: "
                       "[\"query\", \"say \\\"x\\\"\"]"}),
    [](const auto& test) { return test.param.name; });

TEST(ChoosePromptTest, ANamedPromptReplacesTheDefault) {
  const std::string default_prompt = "default: ";
  EXPECT_EQ(**ChoosePrompt({}, kTwo, default_prompt), "default: ");
  EXPECT_EQ(**ChoosePrompt("query", kTwo, default_prompt), "query: ");
  const Prompts empty = {{"none", ""}};
  EXPECT_EQ(**ChoosePrompt("none", empty, default_prompt), "");
  EXPECT_EQ(*ChoosePrompt({}, kTwo, ""), nullptr);
}

}  // namespace
}  // namespace embd
