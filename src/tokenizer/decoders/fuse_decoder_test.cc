#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(FuseDecoder, Joins) {
  const TestDecoder decode(R"({"type":"Fuse"})");
  EXPECT_EQ(decode({"a", "b"}), (Pieces{"ab"}));
  EXPECT_EQ(decode({"a"}), (Pieces{"a"}));
}

}  // namespace
}  // namespace embd
