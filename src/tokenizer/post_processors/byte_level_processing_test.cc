#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

using ::testing::ElementsAre;

TestPostProcessor Make(bool trims, bool adds, bool adds_space) {
  return TestPostProcessor(
      fmt::format(R"({{"type":"ByteLevel","trim_offsets":{},"add_prefix_space":{}}})", trims, adds),
      fmt::format(
          R"({{"type":"ByteLevel","add_prefix_space":{},"trim_offsets":true,"use_regex":true}})",
          adds_space));
}

TEST(ByteLevelProcessing, AddsNothing) {
  const TestPostProcessor processor = Make(true, true, false);
  EXPECT_THAT(processor("a b").ids, ElementsAre(1, 5));
  const Encoding pair = processor("a", " b");
  EXPECT_THAT(pair.ids, ElementsAre(1, 5));
  EXPECT_THAT(pair.type_ids, ElementsAre(0, 1));
  EXPECT_THAT(pair.special_tokens_mask, ElementsAre(0, 0));
  EXPECT_THAT(pair.offsets, ElementsAre(ByteRange{0, 1}, ByteRange{0, 2}));
}

TEST(ByteLevelProcessing, TrimsOffsets) {
  struct Case {
    bool trims;
    bool adds;
    bool adds_space;  // the pre-tokenizer, in fact
    std::string_view text;
    std::vector<ByteRange> offsets;
  };
  const Case cases[] = {
      {false, false, false, " a  b", {{0, 2}, {2, 3}, {3, 5}}},
      {true, false, false, " a  b", {{1, 2}, {3, 3}, {4, 5}}},
      {true, true, false, " a  b", {{0, 2}, {3, 3}, {4, 5}}},
      {true, true, false, "  a", {{0, 0}, {2, 3}}},
      {true, true, true, "a b", {{0, 1}, {2, 3}}},
      {true, false, true, "a b", {{1, 1}, {2, 3}}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Make(c.trims, c.adds, c.adds_space)(c.text).offsets, c.offsets)
        << c.text << " trims " << c.trims << " adds " << c.adds << " " << c.adds_space;
  }
}

TEST(ByteLevelProcessing, NamesWhatIsMissing) {
  EXPECT_EQ(PostProcessorError(R"({"type":"ByteLevel","add_prefix_space":true})"),
            "test: post_processor: expected a member \"trim_offsets\", found none");
  EXPECT_EQ(PostProcessorError(R"({"type":"ByteLevel","add_prefix_space":1,"trim_offsets":true})"),
            "test: post_processor: add_prefix_space: expected true or false, found a number");
}

}  // namespace
}  // namespace embd
