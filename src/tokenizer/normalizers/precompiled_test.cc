#include "tokenizer/normalizers/precompiled.h"

#include <gtest/gtest.h>

#include <string>

#include "base/load_error.h"

namespace embd {
namespace {

std::unique_ptr<Normalizer> Load(const std::string& base64) {
  const JsonDocument document =
      JsonDocument::Parse(R"({"precompiled_charsmap":")" + base64 + "\"}", "test");
  return Precompiled::FromJson(document.root());
}

class PrecompiledRefuses : public ::testing::TestWithParam<std::string> {};

TEST_P(PrecompiledRefuses, Malformed) { EXPECT_THROW(Load(GetParam()), LoadError); }

INSTANTIATE_TEST_SUITE_P(Table, PrecompiledRefuses,
                         ::testing::Values("",                // no size
                                           "AAA",             // no base64
                                           "!!!!",            // no base64
                                           "AAAB",            // three bytes
                                           "AAAAAA==",        // an array of no unit
                                           "BAAAAA==",        // one unit, none there
                                           "/////wAAAAA=",    // four gigabytes, four bytes there
                                           "BAAAAAAAAAD/"));  // replacements that are no UTF-8

// A root that points to units beyond the end must do no harm.
TEST(Precompiled, NothingOutsideTheMapIsRead) {
  const auto normalizer = Load("BAAAAP////8=");
  NormalizedText text;
  NormalizedText spare;
  text.Assign("a\u00e9\u4f60", /*track=*/true);
  ASSERT_TRUE(normalizer->Normalize(text, spare));
  EXPECT_EQ(text.text, "a\u00e9\u4f60");
}

}  // namespace
}  // namespace embd
