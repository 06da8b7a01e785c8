#include <gtest/gtest.h>

#include <string_view>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

TEST(ByteLevelNormalizer, SpellsBytes) {
  const TestNormalizer normalize(R"({"type":"ByteLevel"})");
  EXPECT_EQ(normalize(""), "");
  EXPECT_EQ(normalize(" \u00e9"), "\u0120\u00c3\u00a9");
  EXPECT_EQ(normalize("\n\000\u00ad"sv), "\u010a\u0100\u00c2\u0143");
  EXPECT_EQ(normalize("a\U0001f600"), "a\u00f0\u0141\u013a\u0122");
  EXPECT_EQ(normalize.Origins("\u00e9"), (Origins{{0, 2}, {0, 2}, {0, 2}, {0, 2}}));
}

}  // namespace
}  // namespace embd
