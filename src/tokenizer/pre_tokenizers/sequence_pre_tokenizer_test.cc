#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(SequencePreTokenizer, OneAfterTheOther) {
  const TestPreTokenizer split(
      R"({"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation"}]})");
  EXPECT_EQ(split("a b!"), (Pieces{"a", "b", "!"}));
}

TEST(SequencePreTokenizer, EachSplitsThePiecesOfTheLast) {
  const TestPreTokenizer split(
      R"({"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"Metaspace","replacement":"_"}]})");
  EXPECT_EQ(split("a1 b"), (Pieces{"_a", "_1", "_b"}));
}

TEST(SequencePreTokenizer, MayBeEmpty) {
  const TestPreTokenizer split(R"({"type":"Sequence","pretokenizers":[]})");
  EXPECT_EQ(split("a b"), (Pieces{"a b"}));
}

}  // namespace
}  // namespace embd
