#include "tokenizer/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <streambuf>
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
    EXPECT_THAT(done.error().message, ::testing::StartsWith("line 2: expected a JSON string"));
    EXPECT_THAT(out.str(), ::testing::EndsWith("}\n"));  // the answer to the first line
  }
}

TEST(RunTokenize, TellsInvalidUtf8FromBrokenJson) {
  std::ostringstream out;
  std::istringstream utf8("\"\xff\"\n");
  EXPECT_THAT(RunTokenize(*Small(), {}, utf8, out).error().message,
              ::testing::HasSubstr("invalid UTF-8"));
  std::istringstream json("\"\\ud800\"\n");
  EXPECT_THAT(RunTokenize(*Small(), {}, json, out).error().message,
              ::testing::HasSubstr("no JSON value"));
  EXPECT_EQ(out.str(), "");
}

TEST(RunTokenize, AnswersATextWithoutTokensAndGoesOn) {
  const auto strict =
      Tokenizer::LoadText(R"({"model":{"type":"WordLevel","vocab":{"b":0},"unk_token":"?"}})", "t");
  std::istringstream in("\"a\"\n\"b\"\n");
  std::ostringstream out;
  ASSERT_TRUE(RunTokenize(*strict, {}, in, out));
  EXPECT_THAT(out.str(), ::testing::StartsWith("{\"error\":\""));
  EXPECT_THAT(out.str(), ::testing::HasSubstr("\n{\"ids\":[0],"));
}

// Counts what reaches it and takes no more than `limit` bytes.
class LimitedOutput : public std::streambuf {
 public:
  explicit LimitedOutput(std::streamsize limit) : left_(limit) {}
  int flushes() const { return flushes_; }

 protected:
  std::streamsize xsputn(const char* /*text*/, std::streamsize count) override {
    const std::streamsize taken = std::min(count, left_);
    left_ -= taken;
    return taken;
  }
  int sync() override {
    ++flushes_;
    return 0;
  }

 private:
  std::streamsize left_;
  int flushes_ = 0;
};

TEST(RunTokenize, StopsWhenTheOutputDoes) {
  LimitedOutput limited(100);
  std::ostream out(&limited);
  std::istringstream in("\"b\"\n\"b\"\n3\n");
  const Result<void> done = RunTokenize(*Small(), {}, in, out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the output cannot be written");
}

TEST(RunTokenize, FlushesOnlyWhenNoInputWaits) {
  LimitedOutput counting(1 << 20);
  std::ostream out(&counting);
  std::istringstream in("\"b\"\n\"b\"\n\"b\"\n");
  ASSERT_TRUE(RunTokenize(*Small(), {}, in, out));
  EXPECT_LE(counting.flushes(), 2);  // after the last line, and at the end
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
