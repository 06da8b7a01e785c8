#include "tokenizer/load_tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/load_error.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

const std::string kModel =
    R"("model":{"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"##",
       "max_input_chars_per_word":100,"vocab":{"u":0,"a":1,"[CLS]":2,"[SEP]":3}})";

// The message of the LoadError for a file with `members` beside the model; empty when it loads.
std::string MessageFor(const std::string& members) {
  try {
    Tokenizer::LoadText("{" + members + (members.empty() ? "" : ",") + kModel + "}", "file.json");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "";
}

TEST(LoadTokenizerJson, TheModelIsEnough) {
  EXPECT_EQ(MessageFor(""), "");
  EXPECT_EQ(
      MessageFor(R"("version":"1.0","normalizer":null,"padding":{"strategy":1},"truncation":3)"),
      "");
}

TEST(LoadTokenizerJson, AnUntypedModelIsRecognised) {
  std::string untyped = kModel;
  untyped.replace(untyped.find(R"("type":"WordPiece",)"), 19, "");
  EXPECT_EQ(Tokenizer::LoadText("{" + untyped + "}", "file.json")->id_bound(), 4u);
}

struct LoadTokenizerJsonCase {
  const char* name;
  std::string members;
  std::string place;  // part of the message
};

class Refused : public ::testing::TestWithParam<LoadTokenizerJsonCase> {};

TEST_P(Refused, NamesThePlace) {
  EXPECT_THAT(MessageFor(GetParam().members), ::testing::HasSubstr(GetParam().place));
}

std::string AddedToken(const std::string& members) {
  return R"("added_tokens":[{"id":5,"single_word":false,"lstrip":false,"rstrip":false,"special":true,)" +
         members + "}]";
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    ::testing::Values(
        LoadTokenizerJsonCase{"version", R"("version":"2.0")", "file.json: version"},
        LoadTokenizerJsonCase{"unknown_normalizer", R"("normalizer":{"type":"Foo"})",
                              "file.json: normalizer"},
        LoadTokenizerJsonCase{"normalizer_without_type", R"("normalizer":{})",
                              "file.json: normalizer"},
        LoadTokenizerJsonCase{"normalizer_is_a_number", R"("normalizer":3)",
                              "file.json: normalizer"},
        LoadTokenizerJsonCase{"nested_unknown",
                              R"("normalizer":{"type":"Sequence","normalizers":[{"type":"Foo"}]})",
                              "file.json: normalizer: normalizers[0]"},
        LoadTokenizerJsonCase{
            "bert_normalizer_misses_a_member",
            R"("normalizer":{"type":"BertNormalizer","clean_text":true,"lowercase":true})",
            "handle_chinese_chars"},
        LoadTokenizerJsonCase{"unknown_pre_tokenizer", R"("pre_tokenizer":{"type":"Foo"})",
                              "file.json: pre_tokenizer"},
        LoadTokenizerJsonCase{"unknown_post_processor", R"("post_processor":{"type":"Foo"})",
                              "file.json: post_processor"},
        LoadTokenizerJsonCase{"unknown_decoder", R"("decoder":{"type":"Foo"})",
                              "file.json: decoder"},
        LoadTokenizerJsonCase{
            "bert_processing_id",
            R"("post_processor":{"type":"BertProcessing","sep":["s",-1],"cls":["c",2]})", "sep"},
        LoadTokenizerJsonCase{
            "bert_processing_shape",
            R"("post_processor":{"type":"BertProcessing","sep":["s",3],"cls":["c"]})", "cls"},
        LoadTokenizerJsonCase{
            "template_names_an_unknown_token",
            R"("post_processor":{"type":"TemplateProcessing","special_tokens":{},"pair":[],
                "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}}]})",
            "single[0]"},
        LoadTokenizerJsonCase{
            "template_uses_the_second_sequence_of_one",
            R"("post_processor":{"type":"TemplateProcessing","special_tokens":{},"pair":[],
                "single":[{"Sequence":{"id":"B","type_id":0}}]})",
            "single[0]"},
        LoadTokenizerJsonCase{
            "template_id_too_large",
            R"("post_processor":{"type":"TemplateProcessing","single":[],"pair":[],
                "special_tokens":{"x":{"id":"x","ids":[4294967296],"tokens":["x"]}}})",
            "ids[0]"},
        LoadTokenizerJsonCase{"added_tokens_is_an_object", R"("added_tokens":{})", "added_tokens"},
        LoadTokenizerJsonCase{"added_token_misses_a_member", AddedToken(R"("content":"x")"),
                              "normalized"},
        LoadTokenizerJsonCase{"added_token_content",
                              AddedToken(R"("content":1,"normalized":false)"), "content"},
        LoadTokenizerJsonCase{
            "added_token_vanishes",
            R"("normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
                "strip_accents":null,"lowercase":true},)" +
                AddedToken(R"("content":"\u0007","normalized":true)"),
            "added_tokens"}),
    [](const auto& test) { return test.param.name; });

TEST(LoadTokenizerJson, RefusesWhatIsNoTokenizer) {
  for (const char* text : {"", "{", "[]", "3", "{}", R"({"model":null})", R"({"model":[]})",
                           R"({"model":{"type":"Foo"}})", "{\"model\":\"\xff\"}"}) {
    EXPECT_THROW(Tokenizer::LoadText(text, "x"), LoadError) << text;
  }
}

TEST(LoadTokenizerJson, RefusesDeepNesting) {
  const std::string deep(1 << 20, '[');
  EXPECT_THROW(Tokenizer::LoadText(deep, "x"), LoadError);
  std::string sequences;
  for (int i = 0; i < 2000; ++i) sequences += R"({"type":"Sequence","normalizers":[)";
  EXPECT_THROW(Tokenizer::LoadText(R"({"normalizer":)" + sequences, "x"), LoadError);
}

}  // namespace
}  // namespace embd
