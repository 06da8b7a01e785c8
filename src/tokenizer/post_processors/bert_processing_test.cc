#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

using ::testing::ElementsAre;

constexpr const char* kBert = R"({"type":"BertProcessing","sep":["[SEP]",9],"cls":["[CLS]",8]})";

TEST(BertProcessing, FramesASequence) {
  const Encoding encoding = TestPostProcessor(kBert)("a b");
  EXPECT_THAT(encoding.ids, ElementsAre(8, 1, 2, 9));
  EXPECT_THAT(encoding.type_ids, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(encoding.special_tokens_mask, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(encoding.offsets,
              ElementsAre(ByteRange{0, 0}, ByteRange{0, 1}, ByteRange{2, 3}, ByteRange{0, 0}));
}

TEST(BertProcessing, GivesTheSecondOfAPairTypeOne) {
  const Encoding encoding = TestPostProcessor(kBert)("a b", "c");
  EXPECT_THAT(encoding.ids, ElementsAre(8, 1, 2, 9, 3, 9));
  EXPECT_THAT(encoding.type_ids, ElementsAre(0, 0, 0, 0, 1, 1));
  EXPECT_THAT(encoding.special_tokens_mask, ElementsAre(1, 0, 0, 1, 0, 1));
}

TEST(BertProcessing, FramesNothing) {
  EXPECT_THAT(TestPostProcessor(kBert)("").ids, ElementsAre(8, 9));
  const Encoding pair = TestPostProcessor(kBert)("", "c");
  EXPECT_THAT(pair.ids, ElementsAre(8, 9, 3, 9));
  EXPECT_THAT(pair.type_ids, ElementsAre(0, 0, 1, 1));
}

TEST(BertProcessing, LeavesRoomWhenTheTextIsCutAndGoesWithTheSpecialTokens) {
  const TestPostProcessor bert(kBert);
  EXPECT_THAT(bert.Encode("a b c", {.max_length = 4}).ids, ElementsAre(8, 1, 2, 9));
  EXPECT_THAT(bert.Encode("a b", {.add_special_tokens = false}).ids, ElementsAre(1, 2));
}

TEST(BertProcessing, NamesAMalformedToken) {
  EXPECT_EQ(PostProcessorError(R"({"type":"BertProcessing","sep":["[SEP]",9]})"),
            "test: post_processor: expected a member \"cls\", found none");
  EXPECT_EQ(PostProcessorError(R"({"type":"BertProcessing","sep":["[SEP]"],"cls":["[CLS]",8]})"),
            "test: post_processor: sep: expected a token and its id, found 1 values");
  EXPECT_EQ(PostProcessorError(R"({"type":"BertProcessing","sep":[9,"x"],"cls":["[CLS]",8]})"),
            "test: post_processor: sep[0]: expected a string, found a number");
  EXPECT_EQ(PostProcessorError(R"({"type":"BertProcessing","sep":["x",9],"cls":["[CLS]",-1]})"),
            "test: post_processor: cls[1]: expected an integer from 0 to 8388607, found -1");
}

}  // namespace
}  // namespace embd
