#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

using ::testing::ElementsAre;

const std::string kBert = R"({"type":"BertProcessing","sep":["[SEP]",9],"cls":["[CLS]",8]})";
const std::string kTrim = R"({"type":"ByteLevel","trim_offsets":true,"add_prefix_space":false})";

std::string Steps(const std::string& steps) {
  return R"({"type":"Sequence","processors":[)" + steps + "]}";
}

Encoding EncodeWith(const std::string& steps, std::string_view text) {
  return TestPostProcessor(
      Steps(steps),
      R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true})")(
      text);
}

TEST(SequenceProcessing, OfNothingChangesNothing) {
  const Encoding encoding = EncodeWith("", " a b");
  EXPECT_THAT(encoding.ids, ElementsAre(4, 5));
  EXPECT_THAT(encoding.offsets, ElementsAre(ByteRange{0, 2}, ByteRange{2, 4}));
}

TEST(SequenceProcessing, TrimsAndLaysOutInEitherOrder) {
  const std::string orders[] = {kTrim + "," + kBert, kBert + "," + kTrim};
  for (const std::string& steps : orders) {
    const Encoding encoding = EncodeWith(steps, " a b");
    EXPECT_THAT(encoding.ids, ElementsAre(8, 4, 5, 9));
    EXPECT_THAT(encoding.special_tokens_mask, ElementsAre(1, 0, 0, 1));
    EXPECT_THAT(encoding.offsets,
                ElementsAre(ByteRange{0, 0}, ByteRange{1, 2}, ByteRange{3, 4}, ByteRange{0, 0}));
  }
}

TEST(SequenceProcessing, MayNest) {
  EXPECT_THAT(EncodeWith(Steps(Steps(kBert)), "a").ids, ElementsAre(8, 1, 9));
}

TEST(SequenceProcessing, RefusesTwoLayouts) {
  EXPECT_EQ(PostProcessorError(Steps(kBert + "," + kTrim + "," + kBert)),
            "test: post_processor: expected at most one processor that adds special tokens, "
            "found a second one");
  EXPECT_EQ(PostProcessorError(Steps(kTrim + R"(,{"type":"Bert"})")),
            "test: post_processor: processors[1]: expected a type among BertProcessing, "
            "ByteLevel, RobertaProcessing, Sequence, TemplateProcessing, found \"Bert\"");
}

}  // namespace
}  // namespace embd
