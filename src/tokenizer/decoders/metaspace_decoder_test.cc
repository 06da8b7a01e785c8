#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(MetaspaceDecoder, MarksBecomeSpaces) {
  const TestDecoder decode(R"({"type":"Metaspace","replacement":"_"})");
  EXPECT_EQ(decode({"_a", "_b_"}), (Pieces{"a", " b "}));
  EXPECT_EQ(decode({"a_", "_"}), (Pieces{"a", " "}));
  EXPECT_EQ(decode({"__a"}), (Pieces{"a"}));
}

TEST(MetaspaceDecoder, TheFirstStaysWhereNoneWasPutInFront) {
  const TestDecoder decode(R"({"type":"Metaspace","replacement":"_","prepend_scheme":"never"})");
  EXPECT_EQ(decode({"_a", "_b"}), (Pieces{" a", " b"}));
}

}  // namespace
}  // namespace embd
