#include "service/input_encoder.h"

#include <gtest/gtest.h>

#include "service/test_tokenizer.h"

namespace embd {
namespace {

using Ids = std::vector<std::uint32_t>;

ServerInfo InfoOf(std::uint32_t max_input_length) {
  ServerInfo info;
  info.max_input_length = max_input_length;
  return info;
}

// `count` times `unit`.
std::string Repeat(const std::string& unit, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += unit;
  return text;
}

class InputEncoderTest : public ::testing::Test {
 protected:
  Ids IdsOf(const Input& input, const InputOptions& options = {}) {
    const Result<EncodedInput> encoded = encoder_.Encode(input, options);
    if (!encoded) {
      ADD_FAILURE() << encoded.error().message;
      return {};
    }
    EXPECT_EQ(encoded->type_ids.size(), encoded->ids.size());
    characters_ = encoded->characters;
    return encoded->ids;
  }

  Error ErrorOf(const Input& input, const InputOptions& options = {}) {
    const Result<EncodedInput> encoded = encoder_.Encode(input, options);
    EXPECT_FALSE(encoded.ok());
    return encoded ? Error{} : encoded.error();
  }

  const std::unique_ptr<const Tokenizer> tokenizer_ = testing::MakeTestTokenizer();
  const ServerInfo info_ = InfoOf(6);
  InputEncoder encoder_{*tokenizer_, info_};
  const std::string prompt_ = "w7 ";
  std::uint64_t characters_ = 0;
};

TEST_F(InputEncoderTest, EncodesTextWithSpecialTokens) {
  EXPECT_EQ(IdsOf("w10 w11"), (Ids{2, 10, 11, 3}));
  EXPECT_EQ(characters_, 7U);
  EXPECT_EQ(IdsOf(" "), (Ids{2, 3}));
}

TEST_F(InputEncoderTest, PutsThePromptInFront) {
  EXPECT_EQ(IdsOf("w10", {.prompt = &prompt_}), (Ids{2, 7, 10, 3}));
  EXPECT_EQ(characters_, 3U);
}

TEST_F(InputEncoderTest, TruncatesOnTheSideAskedFor) {
  EXPECT_EQ(IdsOf("w4 w5 w6 w7 w8"), (Ids{2, 4, 5, 6, 7, 3}));
  EXPECT_EQ(IdsOf("w4 w5 w6 w7 w8", {.truncation_side = TruncationSide::kLeft}),
            (Ids{2, 5, 6, 7, 8, 3}));
  EXPECT_EQ(characters_, 14U);  // before truncation
}

TEST_F(InputEncoderTest, TheLongestInputPassesUncut) {
  EXPECT_EQ(IdsOf("w4 w5 w6 w7", {.truncate = false}), (Ids{2, 4, 5, 6, 7, 3}));
  const Error error = ErrorOf("w4 w5 w6 w7 w8", {.truncate = false});
  EXPECT_EQ(error.kind, ErrorKind::kValidation);
  EXPECT_EQ(error.message,
            "Input validation error: `inputs` must have less than 6 tokens. Given: 7");
}

TEST_F(InputEncoderTest, MaxTokensCutWhateverTruncateSays) {
  for (const bool truncate : {false, true}) {
    InputOptions options = {.truncate = truncate, .max_tokens = 4};
    EXPECT_EQ(IdsOf("w4 w5 w6 w7 w8", options), (Ids{2, 4, 5, 3}));
    EXPECT_EQ(characters_, 14U);
    EXPECT_EQ(IdsOf("w4 w5", options), (Ids{2, 4, 5, 3}));
    EXPECT_EQ(IdsOf(Ids{4, 5, 6, 7, 8}, options), (Ids{4, 5, 6, 7}));
    EXPECT_EQ(IdsOf("w4", {.prompt = &prompt_, .truncate = truncate, .max_tokens = 3}),
              (Ids{2, 7, 3}));
    options.truncation_side = TruncationSide::kLeft;
    EXPECT_EQ(IdsOf("w4 w5 w6 w7 w8", options), (Ids{2, 7, 8, 3}));
    // The model's own limit, and no more than that.
    for (const std::uint32_t most : {6U, 7U}) {
      options = {.truncate = truncate, .max_tokens = most};
      EXPECT_EQ(IdsOf("w4 w5 w6 w7 w8", options), (Ids{2, 4, 5, 6, 7, 3}));
      EXPECT_EQ(IdsOf(Repeat(" ", 1501), options), (Ids{2, 3}));
    }
    // The special tokens always stay.
    EXPECT_EQ(IdsOf("w4 w5", {.truncate = truncate, .max_tokens = 1}), (Ids{2, 3}));
  }
}

TEST_F(InputEncoderTest, CharactersAreCountedBeforeThePrompt) {
  // 1500 characters, the prompt not counted, pass; one more does not.
  EXPECT_EQ(IdsOf(Repeat(" ", 1500), {.prompt = &prompt_, .truncate = false}), (Ids{2, 7, 3}));
  const Error error = ErrorOf(Repeat(" ", 1501), {.prompt = &prompt_, .truncate = false});
  EXPECT_EQ(error.kind, ErrorKind::kValidation);
  EXPECT_EQ(error.message,
            "Input validation error: `inputs` must have less than 1500 characters. Given: 1501");
}

TEST_F(InputEncoderTest, TextIsCutAtACharacterNotAtAByte) {
  // Three bytes each: a cut at byte 1500 would fall on a boundary and lose what follows.
  const std::string blanks = Repeat("\u3000", 1497);
  EXPECT_EQ(IdsOf(blanks + "w10"), (Ids{2, 10, 3}));
  EXPECT_EQ(characters_, 1500U);
  EXPECT_EQ(IdsOf(blanks + "w10\u3000w11"), (Ids{2, 10, 3}));
  EXPECT_EQ(characters_, 1504U);
  EXPECT_EQ(IdsOf(Repeat("\U0001F600", 2000)), (Ids{2, 1, 3}));
  EXPECT_EQ(characters_, 2000U);
}

TEST_F(InputEncoderTest, EmptyInputsAreRefusedBeforeThePrompt) {
  for (const Input& input : {Input(""), Input(Ids{})}) {
    const Error error = ErrorOf(input, {.prompt = &prompt_});
    EXPECT_EQ(error.kind, ErrorKind::kEmpty);
    EXPECT_EQ(error.message, "Input validation error: `inputs` cannot be empty");
  }
}

TEST_F(InputEncoderTest, IdsAreDecodedAndEncodedAgain) {
  // The caller's special tokens count; none are added.
  EXPECT_EQ(IdsOf(Ids{2, 10, 3}), (Ids{2, 10, 3}));
  EXPECT_EQ(characters_, 3U);
  EXPECT_EQ(IdsOf(Ids{10}), (Ids{10}));
  // With a prompt, even an empty one, the tokenizer's count instead.
  EXPECT_EQ(IdsOf(Ids{2, 10, 3}, {.prompt = &prompt_}), (Ids{2, 7, 10, 3}));
  const std::string empty;
  EXPECT_EQ(IdsOf(Ids{2, 10, 3}, {.prompt = &empty}), (Ids{2, 10, 3}));
}

TEST_F(InputEncoderTest, PairsAreEncodedTogether) {
  const Result<EncodedInput> encoded = encoder_.Encode(TextPair{"w10", "w11 w12"}, {});
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(encoded->ids, (Ids{2, 10, 3, 11, 12, 3}));
  EXPECT_EQ(encoded->type_ids, (Ids{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(encoded->characters, 10U);
}

TEST_F(InputEncoderTest, TheLongerOfAPairIsCutFirst) {
  EXPECT_EQ(IdsOf(TextPair{"w10", "w11 w12 w13 w14"}), (Ids{2, 10, 3, 11, 12, 3}));
  EXPECT_EQ(IdsOf(TextPair{"w11 w12 w13 w14", "w10"}), (Ids{2, 11, 12, 3, 10, 3}));
  EXPECT_EQ(IdsOf(TextPair{"w10", "w11 w12 w13"}, {.truncation_side = TruncationSide::kLeft}),
            (Ids{2, 10, 3, 12, 13, 3}));
  EXPECT_EQ(ErrorOf(TextPair{"w10", "w11 w12 w13"}, {.truncate = false}).message,
            "Input validation error: `inputs` must have less than 6 tokens. Given: 7");
}

TEST_F(InputEncoderTest, APairIsEmptyIfBothAre) {
  EXPECT_EQ(ErrorOf(TextPair{"", ""}).kind, ErrorKind::kEmpty);
  EXPECT_EQ(IdsOf(TextPair{"", "w10"}), (Ids{2, 3, 10, 3}));
  EXPECT_EQ(IdsOf(TextPair{"w10", ""}), (Ids{2, 10, 3, 3}));
}

TEST_F(InputEncoderTest, APairTakesNoPrompt) {
  const std::string empty;
  for (const std::string* prompt : {&prompt_, &empty}) {
    EXPECT_EQ(ErrorOf(TextPair{"w10", "w11"}, {.prompt = prompt}).message,
              "Input validation error: `prompt_name` cannot be set with dual inputs");
  }
  // Too many characters come before it, both empty as well.
  EXPECT_EQ(ErrorOf(TextPair{"", ""}, {.prompt = &prompt_}).kind, ErrorKind::kEmpty);
  EXPECT_EQ(
      ErrorOf(TextPair{Repeat(" ", 1500), "w"}, {.prompt = &prompt_, .truncate = false}).message,
      "Input validation error: `inputs` must have less than 1500 characters. Given: 1501");
}

TEST_F(InputEncoderTest, CharactersOfAPairCountTogetherAndAreCutInHalf) {
  const std::string blanks = Repeat(" ", 747);
  EXPECT_EQ(IdsOf(TextPair{blanks + "w10", blanks + "w11"}), (Ids{2, 10, 3, 11, 3}));
  EXPECT_EQ(characters_, 1500U);
  EXPECT_EQ(IdsOf(TextPair{blanks + "w10 w12", blanks + "w11 w13"}), (Ids{2, 10, 3, 11, 3}));
  EXPECT_EQ(characters_, 1508U);
  EXPECT_EQ(ErrorOf(TextPair{blanks + "w10 w12", blanks + "w11"}, {.truncate = false}).message,
            "Input validation error: `inputs` must have less than 1500 characters. Given: 1504");
}

TEST_F(InputEncoderTest, IdsOutsideTheVocabularyVanish) {
  EXPECT_EQ(IdsOf(Ids{999999, 10, 0xFFFFFFFF}), (Ids{10}));
  EXPECT_EQ(ErrorOf(Ids{999999}).kind, ErrorKind::kEmpty);
  EXPECT_EQ(ErrorOf(Ids{999999}).message, "Input validation error: `inputs` cannot be empty");
}

TEST_F(InputEncoderTest, ManyIdsAreCutOrRefused) {
  Ids ids(1501, 10);
  ids.front() = 11;
  ids.back() = 12;
  EXPECT_EQ(IdsOf(ids), (Ids{11, 10, 10, 10, 10, 10}));
  EXPECT_EQ(characters_, 1501U);
  EXPECT_EQ(IdsOf(ids, {.truncation_side = TruncationSide::kLeft}), (Ids{10, 10, 10, 10, 10, 12}));
  EXPECT_EQ(ErrorOf(ids, {.truncate = false}).message,
            "Input validation error: `inputs` must have less than 1500 characters. Given: 1501");
  EXPECT_EQ(ErrorOf(Ids(7, 10), {.truncate = false}).message,
            "Input validation error: `inputs` must have less than 6 tokens. Given: 7");
}

TEST_F(InputEncoderTest, SaysWhatTheTokenizerSays) {
  const Error error = ErrorOf("w10 \xFF");
  EXPECT_EQ(error.kind, ErrorKind::kTokenizer);
  EXPECT_EQ(error.message, "tokenizer error the text is not valid UTF-8");
}

}  // namespace
}  // namespace embd
