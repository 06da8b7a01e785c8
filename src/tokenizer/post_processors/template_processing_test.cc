#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

using ::testing::ElementsAre;

constexpr const char* kSingle =
    R"([{"SpecialToken":{"id":"X","type_id":2}},{"Sequence":{"id":"A","type_id":3}},)"
    R"({"SpecialToken":{"id":"S","type_id":0}}])";
constexpr const char* kPair =
    R"([{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"S","type_id":4}},)"
    R"({"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"X","type_id":5}}])";
// X stands for three ids.
constexpr const char* kSpecial =
    R"({"X":{"id":"X","ids":[8,9,8],"tokens":["x","y","x"]},"S":{"id":"S","ids":[9],"tokens":["y"]}})";

std::string Template(std::string_view single, std::string_view pair, std::string_view special) {
  return fmt::format(R"({{"type":"TemplateProcessing","single":{},"pair":{},"special_tokens":{}}})",
                     single, pair, special);
}

TEST(TemplateProcessing, LaysOutASequence) {
  const Encoding encoding = TestPostProcessor(Template(kSingle, kPair, kSpecial))("a b");
  EXPECT_THAT(encoding.ids, ElementsAre(8, 9, 8, 1, 2, 9));
  EXPECT_THAT(encoding.type_ids, ElementsAre(2, 2, 2, 3, 3, 0));
  EXPECT_THAT(encoding.special_tokens_mask, ElementsAre(1, 1, 1, 0, 0, 1));
}

TEST(TemplateProcessing, LaysOutAPairInItsOwnOrder) {
  const Encoding encoding = TestPostProcessor(Template(kSingle, kPair, kSpecial))("a b", "c");
  EXPECT_THAT(encoding.ids, ElementsAre(3, 9, 1, 2, 8, 9, 8));
  EXPECT_THAT(encoding.type_ids, ElementsAre(1, 4, 0, 0, 5, 5, 5));
  EXPECT_THAT(encoding.special_tokens_mask, ElementsAre(0, 1, 0, 0, 1, 1, 1));
  EXPECT_THAT(encoding.offsets,
              ElementsAre(ByteRange{0, 1}, ByteRange{0, 0}, ByteRange{0, 1}, ByteRange{2, 3},
                          ByteRange{0, 0}, ByteRange{0, 0}, ByteRange{0, 0}));
}

TEST(TemplateProcessing, CountsEveryIdOfASpecialTokenWhenTheTextIsCut) {
  const TestPostProcessor processor(Template(kSingle, kPair, kSpecial));
  EXPECT_THAT(processor.Encode("a b c", {.max_length = 5}).ids, ElementsAre(8, 9, 8, 1, 9));
  EXPECT_THAT(processor.Encode("a b", {.add_special_tokens = false}).ids, ElementsAre(1, 2));
}

TEST(TemplateProcessing, MayLeaveOutOrRepeatASequence) {
  EXPECT_THAT(TestPostProcessor(Template("[]", kPair, kSpecial))("a b").ids, ElementsAre());
  const std::string twice =
      R"([{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"A","type_id":0}}])";
  EXPECT_THAT(TestPostProcessor(Template(twice, kPair, kSpecial))("a b").ids,
              ElementsAre(1, 2, 1, 2));
  const std::string first_only = R"([{"Sequence":{"id":"A","type_id":0}}])";
  EXPECT_THAT(TestPostProcessor(Template(kSingle, first_only, kSpecial))("a", "b").ids,
              ElementsAre(1));
}

// The reference takes some of these and fails once it encodes.
TEST(TemplateProcessing, RefusesWhatItCannotLayOut) {
  const std::string second = R"([{"Sequence":{"id":"B","type_id":0}}])";
  EXPECT_EQ(PostProcessorError(Template(second, kPair, kSpecial)),
            "test: post_processor: single[0]: Sequence: id: expected \"A\", found \"B\"");
  const std::string third = R"([{"Sequence":{"id":"C","type_id":0}}])";
  EXPECT_EQ(PostProcessorError(Template(kSingle, third, kSpecial)),
            "test: post_processor: pair[0]: Sequence: id: expected \"A\" or \"B\", found \"C\"");
  EXPECT_EQ(PostProcessorError(Template(kSingle, kPair, "{}")),
            "test: post_processor: single[0]: SpecialToken: id: expected a token of "
            "special_tokens, found \"X\"");
  const std::string negative = R"([{"Sequence":{"id":"A","type_id":-1}}])";
  EXPECT_EQ(PostProcessorError(Template(negative, kPair, kSpecial)),
            "test: post_processor: single[0]: Sequence: type_id: expected an integer from 0 to "
            "4294967295, found -1");
}

}  // namespace
}  // namespace embd
