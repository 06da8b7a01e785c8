#include "tokenizer/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace embd {
namespace {

std::unique_ptr<const Tokenizer> Small() {
  return Tokenizer::LoadText(
      R"({"model":{"type":"WordPiece","unk_token":"?","max_input_chars_per_word":9,
      "continuing_subword_prefix":"##","vocab":{"?":0,"a\"\n":1,"b":2}}})",
      "test");
}

TEST(RunTokenize, WritesAnObjectALine) {
  std::istringstream in("\"b\"\n[\"b\", \"a\\\"\\n\"]\n\"\"\n");
  std::ostringstream out;
  ASSERT_TRUE(RunTokenize(*Small(), {}, in, out));
  EXPECT_EQ(
      out.str(),
      R"({"ids":[2],"type_ids":[0],"offsets":[[0,1]],"special_tokens_mask":[0],"tokens":["b"]})"
      "\n"
      R"({"ids":[2,1],"type_ids":[0,1],"offsets":[[0,1],[0,3]],"special_tokens_mask":[0,0],"tokens":["b","a\"\u000a"]})"
      "\n"
      R"({"ids":[],"type_ids":[],"offsets":[],"special_tokens_mask":[],"tokens":[]})"
      "\n");
}

TEST(RunTokenize, StopsAtALineThatIsNoText) {
  for (const char* line : {"3", "[\"a\"]", "[\"a\",1]", "{", "", "[\"a\",\"b\",\"c\"]"}) {
    std::istringstream in("\"b\"\n" + std::string(line) + "\n");
    std::ostringstream out;
    const Result<void> done = RunTokenize(*Small(), {}, in, out);
    ASSERT_FALSE(done) << line;
    EXPECT_THAT(done.error().message, testing::HasSubstr("line 2"));
  }
}

TEST(RunDecode, WritesAStringALine) {
  std::istringstream in("[2, 1, 99]\n[]\n");
  std::ostringstream out;
  ASSERT_TRUE(RunDecode(*Small(), /*skip_special_tokens=*/true, in, out));
  EXPECT_EQ(out.str(), "\"b a\\\"\\u000a\"\n\"\"\n");
}

TEST(RunDecode, StopsAtALineWithoutIds) {
  for (const char* line : {"[-1]", "[4294967296]", "\"a\"", "[\"a\"]"}) {
    std::istringstream in(line);
    std::ostringstream out;
    EXPECT_FALSE(RunDecode(*Small(), true, in, out)) << line;
  }
}

}  // namespace
}  // namespace embd
