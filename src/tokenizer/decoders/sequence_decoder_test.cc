#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(SequenceDecoder, OneAfterTheOther) {
  const TestDecoder decode(
      R"({"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"}]})");
  EXPECT_EQ(decode({"<0x41>", "b"}), (Pieces{"Ab"}));
}

TEST(SequenceDecoder, MayBeEmpty) {
  const TestDecoder decode(R"({"type":"Sequence","decoders":[]})");
  EXPECT_EQ(decode({"a", "b"}), (Pieces{"a", "b"}));
}

}  // namespace
}  // namespace embd
