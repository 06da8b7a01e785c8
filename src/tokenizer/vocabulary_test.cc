#include "tokenizer/vocabulary.h"

#include <gtest/gtest.h>

#include <string>

#include "base/load_error.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

std::optional<Vocabulary> Read(std::string_view text) {
  JsonScanner scanner(text);
  return Vocabulary::Read(scanner);
}

TEST(Vocabulary, ReadsAnObject) {
  JsonScanner scanner(R"( { "a" : 0 , "\u2581b\"":1,"":2 } ,)");
  const std::optional<Vocabulary> vocabulary = Vocabulary::Read(scanner);
  ASSERT_TRUE(vocabulary);
  EXPECT_TRUE(scanner.Take(','));
  EXPECT_EQ(vocabulary->size(), 3u);
  EXPECT_EQ(vocabulary->id_bound(), 3u);
  EXPECT_EQ(vocabulary->Text(0), "a");
  EXPECT_EQ(vocabulary->Text(1), "\u2581b\"");
  EXPECT_TRUE(vocabulary->Has(2));
  EXPECT_EQ(vocabulary->text_bytes(), 6u);
  EXPECT_EQ(Read("{}")->size(), 0u);
}

TEST(Vocabulary, IdsMayBeInAnyOrderAndHaveGaps) {
  const std::optional<Vocabulary> vocabulary = Read(R"({"c":5,"a":0,"b":2})");
  ASSERT_TRUE(vocabulary);
  EXPECT_EQ(vocabulary->size(), 3u);
  EXPECT_EQ(vocabulary->id_bound(), 6u);
  EXPECT_EQ(vocabulary->Text(0), "a");
  EXPECT_EQ(vocabulary->Text(2), "b");
  EXPECT_EQ(vocabulary->Text(5), "c");
  EXPECT_FALSE(vocabulary->Has(1));
  EXPECT_FALSE(vocabulary->Has(6));
}

TEST(Vocabulary, GivesUpWhereSomethingElseIs) {
  for (const char* text :
       {"", "[]", "{", R"({"a")", R"({"a":0)", R"({"a":0,})", R"({"a":0 "b":1})", R"({"a":-1})",
        R"({"a":01})", R"({"a":1.0})", R"({"a":1e0})", R"({"a":"0"})", R"({"a":8388608})",
        R"({"a":1,"b":1})", R"({"a":99999999999999999999})", R"({0:0})", R"({"\ud800":0})"}) {
    EXPECT_FALSE(Read(text)) << text;
  }
  EXPECT_TRUE(Read(R"({"a":8388607})"));
}

std::string LoadMessage(const std::string& vocab) {
  try {
    Tokenizer::LoadText(R"({"model":{"type":"WordLevel","unk_token":"u","vocab":)" + vocab + "}}",
                        "test");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "no error";
}

// The vocabulary is read ahead of the document: nothing that is wrong with either may get lost.
TEST(Vocabulary, AFileIsCheckedAsAWhole) {
  EXPECT_EQ(LoadMessage(R"({"u":0,"a":1})"), "no error");
  const std::string place = "test: model: vocab: expected ";
  EXPECT_EQ(LoadMessage(R"({"u":0,"a":0})"), place + "one token for each id, found 0 twice");
  EXPECT_EQ(LoadMessage(R"({"u":0,"u":1})"), place + "each token once, found 1 twice");
  EXPECT_EQ(LoadMessage(R"({"u":0,"a":4294967296})"),
            place + R"(ids from 0 to 8388607, found 4294967296 for the token "a")");
  EXPECT_EQ(LoadMessage(R"({"u":0,"a":-1})"),
            place + R"(ids from 0 to 8388607, found -1 for the token "a")");
  EXPECT_EQ(LoadMessage(R"([["u",0]])"), place + "an object, found an array");
  EXPECT_EQ(LoadMessage("7"), place + "an object, found a number");
  for (const char* vocab : {"{\"u\":0,\"\xff\":1}", R"({"u":0,})", R"({"u":00})", R"({"u":0}})"}) {
    EXPECT_EQ(LoadMessage(vocab).substr(0, 26), "test: expected valid JSON,") << vocab;
  }
}

}  // namespace
}  // namespace embd
