#include "tokenizer/post_processors/end_of_text_processing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/load_error.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

using ::testing::ElementsAre;

std::string File(const std::string& post_processor) {
  return R"({"pre_tokenizer":{"type":"WhitespaceSplit"},)" + post_processor +
         R"("model":{"type":"WordLevel","vocab":{"u":0,"a":1,"b":2},"unk_token":"u"}})";
}

Encoding EncodeBoth(const std::string& post_processor, bool pair, EncodeOptions options) {
  const auto tokenizer = Tokenizer::LoadText(File(post_processor), "x", {.end_of_text_id = 9});
  Tokenizer::Scratch scratch;
  Encoding encoding;
  options.details = true;
  EXPECT_TRUE(pair ? tokenizer->EncodePair("a a", "b", options, scratch, encoding)
                   : tokenizer->Encode("a b", options, scratch, encoding));
  EXPECT_EQ(tokenizer->id_bound(), 10u);
  return encoding;
}

const std::string kByteLevel =
    R"("post_processor":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false},)";

TEST(EndOfText, FollowsEverySequence) {
  for (const std::string& own : {std::string(), kByteLevel}) {
    const Encoding single = EncodeBoth(own, /*pair=*/false, {});
    EXPECT_THAT(single.ids, ElementsAre(1, 2, 9));
    EXPECT_THAT(single.type_ids, ElementsAre(0, 0, 0));
    EXPECT_THAT(single.special_tokens_mask, ElementsAre(0, 0, 1));
    const Encoding pair = EncodeBoth(own, /*pair=*/true, {});
    EXPECT_THAT(pair.ids, ElementsAre(1, 1, 9, 2, 9));
    EXPECT_THAT(pair.type_ids, ElementsAre(0, 0, 0, 1, 1));
    EXPECT_THAT(pair.special_tokens_mask, ElementsAre(0, 0, 1, 0, 1));
  }
}

TEST(EndOfText, StaysWhenTheTextIsCutAndGoesWithTheSpecialTokens) {
  EXPECT_THAT(EncodeBoth("", /*pair=*/false, {.max_length = 2}).ids, ElementsAre(1, 9));
  EXPECT_THAT(EncodeBoth("", /*pair=*/false, {.add_special_tokens = false}).ids, ElementsAre(1, 2));
}

TEST(EndOfText, DoesNotGoWithAnotherLayout) {
  const std::string bert =
      R"("post_processor":{"type":"BertProcessing","sep":["b",2],"cls":["a",1]},)";
  EXPECT_THROW(Tokenizer::LoadText(File(bert), "x", {.end_of_text_id = 9}), LoadError);
}

}  // namespace
}  // namespace embd
