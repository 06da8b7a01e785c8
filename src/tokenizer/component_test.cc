// What each normalizer, pre-tokenizer and decoder makes of a text, as the rows of tables. Equality
// with the reference is golden_test.cc's and tools/tokenizer_diff.py's business.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tokenizer/load_tokenizer_json.h"

namespace embd {
namespace {

TokenizerParts Load(const std::string& key, const std::string& component) {
  const std::string json = "{\"" + key + "\":" + component +
                           R"(,"model":{"type":"WordLevel","vocab":{"x":0},"unk_token":"x"}})";
  const JsonDocument document = JsonDocument::Parse(json, "test");
  return LoadTokenizerJson(document.root());
}

struct Case {
  const char* name;
  std::string json;
  std::string text;
  std::vector<std::string> expected;
};

std::string NameOf(const testing::TestParamInfo<Case>& test) { return test.param.name; }

class Normalizers : public testing::TestWithParam<Case> {};

TEST_P(Normalizers, Make) {
  const TokenizerParts parts = Load("normalizer", GetParam().json);
  for (const bool track : {false, true}) {
    NormalizedText text;
    NormalizedText spare;
    text.Assign(GetParam().text, track);
    ASSERT_TRUE(parts.normalizer->Normalize(text, spare));
    EXPECT_EQ(std::vector{text.text}, GetParam().expected);
    EXPECT_EQ(text.origins.size(), track ? text.text.size() : 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Normalizers,
    testing::Values(
        Case{"nfc", R"({"type":"NFC"})", "e\u0301 \u1112\u1161\u11ab", {"\u00e9 \ud55c"}},
        Case{"nfd", R"({"type":"NFD"})", "\u00e9\ud55c", {"e\u0301\u1112\u1161\u11ab"}},
        Case{"nfd_orders_marks", R"({"type":"NFD"})", "a\u0301\u0323", {"a\u0323\u0301"}},
        Case{"nfkc", R"({"type":"NFKC"})", "\ufb01\u00bd", {"fi1\u20442"}},
        Case{"nfkd", R"({"type":"NFKD"})", "\u1e9b\u0323", {"s\u0323\u0307"}},
        Case{
            "nfc_blocked_mark", R"({"type":"NFC"})", "a\u0315\u0301\u0300", {"\u00e1\u0300\u0315"}},
        Case{"nmt",
             R"({"type":"Nmt"})",
             "a\x01"
             "b\tc\u200bd",
             {"ab c d"}},
        Case{"lowercase", R"({"type":"Lowercase"})", "A\u00c9\u0130", {"a\u00e9i\u0307"}},
        Case{"strip_accents", R"({"type":"StripAccents"})", "e\u0301\u00e9", {"e\u00e9"}},
        Case{"strip",
             R"({"type":"Strip","strip_left":true,"strip_right":true})",
             "\u3000 a b\t",
             {"a b"}},
        Case{"strip_left",
             R"({"type":"Strip","strip_left":true,"strip_right":false})",
             " a ",
             {"a "}},
        Case{"strip_all", R"({"type":"Strip","strip_left":true,"strip_right":true})", "  ", {""}},
        Case{"replace",
             R"({"type":"Replace","pattern":{"String":"ab"},"content":"c"})",
             "xababa",
             {"xcca"}},
        Case{"prepend", R"({"type":"Prepend","prepend":"_"})", "a", {"_a"}},
        Case{"prepend_nothing", R"({"type":"Prepend","prepend":"_"})", "", {""}},
        Case{"byte_level", R"({"type":"ByteLevel"})", " \u00e9", {"\u0120\u00c3\u00a9"}},
        Case{"sequence",
             R"({"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]})",
             "\u00e9",
             {"e"}}),
    NameOf);

class PreTokenizers : public testing::TestWithParam<Case> {};

TEST_P(PreTokenizers, Split) {
  const TokenizerParts parts = Load("pre_tokenizer", GetParam().json);
  Segment segment;
  segment.text.Assign(GetParam().text, /*track=*/true);
  segment.pieces = {{0, static_cast<std::uint32_t>(GetParam().text.size())}};
  ASSERT_TRUE(parts.pre_tokenizer->PreTokenize(segment));
  std::vector<std::string> pieces;
  for (const Piece& piece : segment.pieces) pieces.emplace_back(segment.TextOf(piece));
  EXPECT_EQ(pieces, GetParam().expected);
  EXPECT_EQ(segment.text.origins.size(), segment.text.text.size());
}

std::string SplitAt(const std::string& behavior, bool invert = false) {
  return R"({"type":"Split","pattern":{"String":"-"},"behavior":")" + behavior + R"(","invert":)" +
         (invert ? "true}" : "false}");
}

std::string SplitBy(const std::string& expression) {
  return R"({"type":"Split","behavior":"Isolated","invert":false,"pattern":{"Regex":")" +
         expression + "\"}}";
}

const std::string kLlama =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+)";
const std::string kCountdown = "the-final--countdown";

INSTANTIATE_TEST_SUITE_P(
    Table, PreTokenizers,
    testing::Values(
        Case{"whitespace",
             R"({"type":"Whitespace"})",
             "Hey man, it's\u00e9 ?!",
             {"Hey", "man", ",", "it", "'", "s\u00e9", "?!"}},
        Case{"whitespace_split", R"({"type":"WhitespaceSplit"})", " a,b\u3000c ", {"a,b", "c"}},
        Case{"punctuation", R"({"type":"Punctuation"})", "a!?b", {"a", "!", "?", "b"}},
        Case{"digits",
             R"({"type":"Digits","individual_digits":false})",
             "a12b\u00bd",
             {"a", "12", "b", "\u00bd"}},
        Case{"individual_digits",
             R"({"type":"Digits","individual_digits":true})",
             "a12",
             {"a", "1", "2"}},
        Case{"delimiter",
             R"({"type":"CharDelimiterSplit","delimiter":"\u00e9"})",
             "a\u00e9\u00e9b",
             {"a", "b"}},
        Case{"fixed_length",
             R"({"type":"FixedLength","length":2})",
             "a\u00e9b\u00e9c",
             {"a\u00e9", "b\u00e9", "c"}},
        Case{"scripts",
             R"({"type":"UnicodeScripts"})",
             "ab \u4f60\u3042\u30fc\u0431",
             {"ab ", "\u4f60\u3042\u30fc", "\u0431"}},
        Case{"removed", SplitAt("Removed"), kCountdown, {"the", "final", "countdown"}},
        Case{"isolated",
             SplitAt("Isolated"),
             kCountdown,
             {"the", "-", "final", "-", "-", "countdown"}},
        Case{"previous",
             SplitAt("MergedWithPrevious"),
             kCountdown,
             {"the-", "final-", "-", "countdown"}},
        Case{"next", SplitAt("MergedWithNext"), kCountdown, {"the", "-final", "-", "-countdown"}},
        Case{"contiguous",
             SplitAt("Contiguous"),
             kCountdown,
             {"the", "-", "final", "--", "countdown"}},
        Case{"inverted", SplitAt("Removed", true), kCountdown, {"-", "-", "-"}},
        Case{"metaspace", R"({"type":"Metaspace","replacement":"_"})", "a  b", {"_a", "_", "_b"}},
        Case{"metaspace_marked", R"({"type":"Metaspace","replacement":"_"})", " a", {"_a"}},
        Case{"metaspace_never",
             R"({"type":"Metaspace","replacement":"_","prepend_scheme":"never","split":false})",
             "a b",
             {"a_b"}},
        Case{"byte_level",
             R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true})",
             "it's 12  \u00e9",
             {"\u0120it", "'s", "\u012012", "\u0120", "\u0120\u00c3\u00a9"}},
        Case{
            "byte_level_whole",
            R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false})",
            "a b",
            {"a\u0120b"}},
        Case{"llama",
             SplitBy(kLlama),
             "It'S 12345 ok!!\n\n  x  ",
             {"It", "'S", " ", "123", "45", " ok", "!!\n\n", " ", " x", "  "}},
        Case{
            "sequence",
            R"({"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation"}]})",
            "a b!",
            {"a", "b", "!"}}),
    NameOf);

class Decoders : public testing::TestWithParam<Case> {};

// The text is the tokens, separated by spaces.
TEST_P(Decoders, Decode) {
  const TokenizerParts parts = Load("decoder", GetParam().json);
  std::vector<std::string> tokens;
  const std::string& text = GetParam().text;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    tokens.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  parts.decoder->Decode(tokens);
  EXPECT_EQ(tokens, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Decoders,
    testing::Values(
        Case{"byte_level",
             R"({"type":"ByteLevel"})",
             "\u0120a \u00c3 \u00a9 \u00ff \u4f60",
             {" a\u00e9\ufffd\u4f60"}},
        Case{"byte_fallback",
             R"({"type":"ByteFallback"})",
             "<0xC3> <0xA9> a <0xFF> <0xGG>",
             {"\u00e9", "a", "\ufffd", "<0xGG>"}},
        Case{"fuse", R"({"type":"Fuse"})", "a b", {"ab"}},
        Case{"bpe", R"({"type":"BPEDecoder","suffix":"</w>"})", "a b</w> c</w>", {"a", "b ", "c"}},
        Case{"bpe_nothing", R"({"type":"BPEDecoder","suffix":"</w>"})", "", {}},
        Case{"metaspace", R"({"type":"Metaspace","replacement":"_"})", "_a _b_", {"a", " b "}},
        Case{"strip",
             R"({"type":"Strip","content":"_","start":1,"stop":2})",
             "__a___ _ b",
             {"_a_", "", "b"}},
        Case{"replace",
             R"({"type":"Replace","pattern":{"String":"_"},"content":"-"})",
             "_a_ b",
             {"-a-", "b"}},
        Case{"ctc",
             R"({"type":"CTC","pad_token":"<p>","word_delimiter_token":"|","cleanup":true})",
             "a a <p> a | b",
             {"a", "a", " ", "b"}},
        Case{"sequence",
             R"({"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"}]})",
             "<0x41> b",
             {"Ab"}}),
    NameOf);

}  // namespace
}  // namespace embd
