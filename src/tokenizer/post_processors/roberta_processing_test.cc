#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

using ::testing::ElementsAre;

std::string Roberta(bool trims, bool adds) {
  return fmt::format(R"({{"type":"RobertaProcessing","sep":["</s>",9],"cls":["<s>",8],)"
                     R"("trim_offsets":{},"add_prefix_space":{}}})",
                     trims, adds);
}

std::string BytePieces(bool adds) {
  return fmt::format(
      R"({{"type":"ByteLevel","add_prefix_space":{},"trim_offsets":true,"use_regex":true}})", adds);
}

TEST(RobertaProcessing, FramesASequence) {
  const Encoding encoding = TestPostProcessor(Roberta(false, false))("a b");
  EXPECT_THAT(encoding.ids, ElementsAre(8, 1, 2, 9));
  EXPECT_THAT(encoding.type_ids, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(encoding.special_tokens_mask, ElementsAre(1, 0, 0, 1));
}

TEST(RobertaProcessing, PutsTwoBetweenAPairAndKnowsOneType) {
  const Encoding encoding = TestPostProcessor(Roberta(false, false))("a", "b c");
  EXPECT_THAT(encoding.ids, ElementsAre(8, 1, 9, 9, 2, 3, 9));
  EXPECT_THAT(encoding.type_ids, ElementsAre(0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(encoding.special_tokens_mask, ElementsAre(1, 0, 1, 1, 0, 0, 1));
}

// Offsets of "Ġa", "Ġ" and "Ġb", whose texts start with a space, as the reference gives them.
TEST(RobertaProcessing, TrimsOffsets) {
  struct Case {
    bool trims;
    bool adds;        // as the post-processor has it: a leading space may be one that was added
    bool adds_space;  // as the pre-tokenizer has it
    std::string_view text;
    std::vector<ByteRange> offsets;
  };
  const Case cases[] = {
      {false, false, false, " a  b", {{0, 0}, {0, 2}, {2, 3}, {3, 5}, {0, 0}}},
      {true, false, false, " a  b", {{0, 0}, {1, 2}, {3, 3}, {4, 5}, {0, 0}}},
      {true, true, false, " a  b", {{0, 0}, {0, 2}, {3, 3}, {4, 5}, {0, 0}}},
      {true, true, false, "  a", {{0, 0}, {0, 0}, {2, 3}, {0, 0}}},
      {true, false, false, "  a", {{0, 0}, {1, 1}, {2, 3}, {0, 0}}},
      {false, true, true, "a b", {{0, 0}, {0, 1}, {1, 3}, {0, 0}}},
      {true, true, true, "a b", {{0, 0}, {0, 1}, {2, 3}, {0, 0}}},
      {true, false, true, "a b", {{0, 0}, {1, 1}, {2, 3}, {0, 0}}},
  };
  for (const Case& c : cases) {
    const TestPostProcessor roberta(Roberta(c.trims, c.adds), BytePieces(c.adds_space));
    EXPECT_EQ(roberta(c.text).offsets, c.offsets)
        << c.text << " trims " << c.trims << " adds " << c.adds << " " << c.adds_space;
  }
}

TEST(RobertaProcessing, TrimsEachSequenceByItself) {
  const TestPostProcessor roberta(Roberta(true, true), BytePieces(false));
  EXPECT_THAT(roberta("a", " b").offsets,
              ElementsAre(ByteRange{0, 0}, ByteRange{0, 1}, ByteRange{0, 0}, ByteRange{0, 0},
                          ByteRange{0, 2}, ByteRange{0, 0}));
}

TEST(RobertaProcessing, NamesWhatIsMissing) {
  EXPECT_EQ(PostProcessorError(R"({"type":"RobertaProcessing","sep":["x",9],"cls":["y",8]})"),
            "test: post_processor: expected a member \"add_prefix_space\", found none");
  EXPECT_EQ(PostProcessorError(R"({"type":"RobertaProcessing","sep":["x",9],"cls":"y"})"),
            "test: post_processor: cls: expected an array, found a string");
}

}  // namespace
}  // namespace embd
