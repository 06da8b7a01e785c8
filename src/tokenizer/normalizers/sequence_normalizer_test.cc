#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(SequenceNormalizer, OneAfterTheOther) {
  const TestNormalizer normalize(
      R"({"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]})");
  EXPECT_EQ(normalize("\u00e9"), "e");
  EXPECT_EQ(normalize.Origins("x\u00e9"), (Origins{{0, 1}, {1, 3}}));
}

TEST(SequenceNormalizer, InThisOrder) {
  const TestNormalizer normalize(
      R"({"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"_"},{"type":"Prepend","prepend":"-"}]})");
  EXPECT_EQ(normalize("a"), "-_a");
  EXPECT_EQ(normalize(""), "");
}

TEST(SequenceNormalizer, MayBeEmpty) {
  const TestNormalizer normalize(R"({"type":"Sequence","normalizers":[]})");
  EXPECT_EQ(normalize("aB"), "aB");
}

}  // namespace
}  // namespace embd
