// Files that are made to do harm: each is refused, or works, in bounded time and memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/load_error.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

std::string Message(const std::string& json) {
  try {
    Tokenizer::LoadText(json, "file.json");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::uint32_t> Ids(const std::string& json, std::string_view text) {
  Tokenizer::Scratch scratch;
  Encoding encoding;
  EXPECT_TRUE(Tokenizer::LoadText(json, "file.json")->Encode(text, {}, scratch, encoding));
  return encoding.ids;
}

// Every merge takes a symbol away, so that merging ends whatever the merges make of each other.
TEST(HostileTokenizer, MergesThatGoRoundInCircles) {
  using Vector = std::vector<std::uint32_t>;
  const std::string prefixed = R"({"model":{"type":"BPE","continuing_subword_prefix":"#",
      "vocab":{"a":0,"#a":1,"#":2,"a#":3},"merges":[["a","#a"],["aa","#"],["a","#"],["#a","#"]]}})";
  EXPECT_THAT(Message(prefixed), ::testing::HasSubstr("tokens of the vocabulary"));
  // a + #a is a again, and #a + #a is #a.
  const std::string circle = R"({"model":{"type":"BPE","continuing_subword_prefix":"#a",
      "vocab":{"a":0,"#aa":1,"#a":2,"aa":3},"merges":[["a","#a"],["#aa","#a"],["#a","#a"]]}})";
  EXPECT_EQ(Ids(circle, std::string(10000, 'a')).size(), 10000u);
  const std::string own_part = R"({"model":{"type":"BPE","vocab":{"a":0,"":1,"aa":2,"aaa":3},
      "merges":[["a",""],["","a"],["",""],["a","a"],["aa","a"],["a","aa"],["a","a"]]}})";
  EXPECT_EQ(Ids(own_part, "aaaa"), (Vector{3, 0}));
  EXPECT_EQ(Ids(own_part, std::string(10000, 'a')).size(), 3334u);
}

TEST(HostileTokenizer, HugeIndices) {
  const std::string added = R"({"added_tokens":[{"id":4294967296,"content":"x","single_word":false,
      "lstrip":false,"rstrip":false,"normalized":false,"special":true}],)";
  const std::string model =
      R"("model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":8388608}}})";
  EXPECT_THAT(Message("{" + model), ::testing::HasSubstr("ids from 0 to 8388607"));
  const std::string good = R"("model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0}}})";
  EXPECT_THAT(Message(added + good), ::testing::HasSubstr("added_tokens[0]: id"));
  EXPECT_THAT(Message(R"({"model":{"type":"Unigram","unk_id":18446744073709551615,
                          "vocab":[["a",0]]}})"),
              ::testing::HasSubstr("model: unk_id"));
  EXPECT_THAT(Message(R"({"post_processor":{"type":"BertProcessing","sep":["s",1e300],
                          "cls":["c",0]},)" +
                      good),
              ::testing::HasSubstr("sep[1]"));
  EXPECT_THAT(Message(R"({"model":{"type":"WordPiece","unk_token":"u","vocab":{"u":0},
                          "continuing_subword_prefix":"##","max_input_chars_per_word":-1}})"),
              ::testing::HasSubstr("max_input_chars_per_word"));
}

TEST(HostileTokenizer, AHundredMegabytesOfNesting) {
  constexpr std::size_t kBytes = 100'000'000;
  EXPECT_THAT(Message(std::string(kBytes / 10, '[')), ::testing::HasSubstr("file.json"));
  EXPECT_THAT(Message(R"({"model":)" + std::string(kBytes / 10, '[')),
              ::testing::HasSubstr("file.json"));
  EXPECT_THAT(Message(R"({"model":{"vocab":)" + std::string(kBytes, '[')),
              ::testing::HasSubstr("file.json"));
}

TEST(HostileTokenizer, CharacterMapsThatAreNone) {
  const auto message = [](const std::string& map) {
    return Message(R"({"normalizer":{"type":"Precompiled","precompiled_charsmap":")" + map +
                   R"("},"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0}}})");
  };
  EXPECT_THAT(message("%%%%"), ::testing::HasSubstr("precompiled_charsmap: expected base64"));
  EXPECT_THAT(message("AAA"), ::testing::HasSubstr("precompiled_charsmap: expected base64"));
  EXPECT_THAT(message(""), ::testing::HasSubstr("precompiled_charsmap"));
  // Says that it has 4 GB.
  EXPECT_THAT(message("/////w=="), ::testing::HasSubstr("precompiled_charsmap"));
}

}  // namespace
}  // namespace embd
