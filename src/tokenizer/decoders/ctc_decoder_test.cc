#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(CtcDecoder, DropsRepeatsAndPads) {
  const TestDecoder decode(
      R"({"type":"CTC","pad_token":"<p>","word_delimiter_token":"|","cleanup":true})");
  EXPECT_EQ(decode({"a", "a", "<p>", "a", "|", "b"}), (Pieces{"a", "a", " ", "b"}));
  EXPECT_EQ(decode({"<p>"}), (Pieces{}));
  EXPECT_EQ(decode({"|", "|"}), (Pieces{" "}));
}

TEST(CtcDecoder, KeepsDelimitersWithoutCleanup) {
  const TestDecoder decode(
      R"({"type":"CTC","pad_token":"<p>","word_delimiter_token":"|","cleanup":false})");
  EXPECT_EQ(decode({"a", "a", "<p>", "a", "|", "b"}), (Pieces{"a", "a", "|", "b"}));
}

}  // namespace
}  // namespace embd
