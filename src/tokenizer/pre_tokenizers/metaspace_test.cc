#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(Metaspace, Always) {
  const TestPreTokenizer split(
      R"({"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":true})");
  EXPECT_EQ(split("a  b"), (Pieces{"_a", "_", "_b"}));
  EXPECT_EQ(split(" a"), (Pieces{"_a"}));
  EXPECT_EQ(split(" "), (Pieces{"_"}));
  EXPECT_EQ(split("_a"), (Pieces{"_a"}));
}

TEST(Metaspace, First) {
  const TestPreTokenizer split(
      R"({"type":"Metaspace","replacement":"_","prepend_scheme":"first","split":true})");
  EXPECT_EQ(split("a  b"), (Pieces{"_a", "_", "_b"}));
  EXPECT_EQ(split(" a"), (Pieces{"_a"}));
}

TEST(Metaspace, Never) {
  const TestPreTokenizer split(
      R"({"type":"Metaspace","replacement":"_","prepend_scheme":"never","split":true})");
  EXPECT_EQ(split("a  b"), (Pieces{"a", "_", "_b"}));
  EXPECT_EQ(split(" a"), (Pieces{"_a"}));
}

TEST(Metaspace, Whole) {
  const TestPreTokenizer split(
      R"({"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":false})");
  EXPECT_EQ(split("a  b"), (Pieces{"_a__b"}));
  EXPECT_EQ(split(" a"), (Pieces{"_a"}));
}

TEST(Metaspace, DefaultsOfTheFile) {
  const TestPreTokenizer split(R"({"type":"Metaspace","replacement":"\u2581"})");
  EXPECT_EQ(split("a b\u2581c"), (Pieces{"\u2581a", "\u2581b", "\u2581c"}));
}

}  // namespace
}  // namespace embd
