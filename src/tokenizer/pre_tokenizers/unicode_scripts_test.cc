#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(UnicodeScripts, SplitsWhereTheScriptChanges) {
  const TestPreTokenizer split(R"({"type":"UnicodeScripts"})");
  EXPECT_EQ(split("ab \u4f60\u3042\u30fc\u0431"), (Pieces{"ab ", "\u4f60\u3042\u30fc", "\u0431"}));
  EXPECT_EQ(split("1a\u0301b"), (Pieces{"1", "a", "\u0301", "b"}));
  EXPECT_EQ(split("a, \u0431"), (Pieces{"a", ", ", "\u0431"}));
}

TEST(UnicodeScripts, JapaneseIsOneScript) {
  const TestPreTokenizer split(R"({"type":"UnicodeScripts"})");
  EXPECT_EQ(split("\u3042\u4e00\u30a2"), (Pieces{"\u3042\u4e00\u30a2"}));
}

}  // namespace
}  // namespace embd
