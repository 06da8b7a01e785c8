#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(BpeDecoder, SuffixesBecomeSpaces) {
  const TestDecoder decode(R"({"type":"BPEDecoder","suffix":"</w>"})");
  EXPECT_EQ(decode({"a", "b</w>", "c</w>"}), (Pieces{"a", "b ", "c"}));
  EXPECT_EQ(decode({"a</w>b", "</w>"}), (Pieces{"a b", ""}));
  EXPECT_EQ(decode({}), (Pieces{}));
}

}  // namespace
}  // namespace embd
