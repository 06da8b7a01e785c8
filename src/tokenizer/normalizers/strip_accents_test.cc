#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(StripAccents, DropsMarks) {
  const TestNormalizer normalize(R"({"type":"StripAccents"})");
  EXPECT_EQ(normalize(""), "");
  EXPECT_EQ(normalize("e\u0301\u00e9"), "e\u00e9");
  EXPECT_EQ(normalize("\u0301\u0301"), "");
  EXPECT_EQ(normalize("\u0e31\u0e01"), "\u0e01");
  EXPECT_EQ(normalize("a\u20dd"), "a");
  EXPECT_EQ(normalize("\u302e"), "");
  EXPECT_EQ(normalize.Origins("e\u0301x"), (Origins{{0, 1}, {3, 4}}));
}

}  // namespace
}  // namespace embd
