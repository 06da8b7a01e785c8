#include "tokenizer/models/unigram_vocabulary.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "base/load_error.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

TEST(UnigramVocabulary, ReadsTokensAndScores) {
  JsonScanner scanner(R"( [ [ "<unk>" , 0 ] , ["\u2581a\"",-1.5],["",2e-1] ] ,)");
  UnigramVocabulary vocabulary;
  ASSERT_TRUE(vocabulary.Read(scanner));
  EXPECT_TRUE(scanner.Take(','));
  ASSERT_EQ(vocabulary.tokens.size(), 3U);
  EXPECT_EQ(vocabulary.tokens.Text(0), "<unk>");
  EXPECT_EQ(vocabulary.tokens.Text(1), "\u2581a\"");
  EXPECT_EQ(vocabulary.tokens.Text(2), "");
  EXPECT_TRUE(vocabulary.tokens.Has(2));
  EXPECT_EQ(vocabulary.scores, (std::vector<double>{0, -1.5, 0.2}));
}

// Digits as an integer, scaled by one power of ten: not always the nearest number.
TEST(UnigramVocabulary, ScoresAreThoseOfTheReference) {
  struct ScoreCase {
    std::string text;
    double value;
  };
  const ScoreCase cases[] = {
      {"-11.817375040851397", -(11817375040851397.0 / 1e15)},
      {"-0.0", -0.0},
      {"123456789012345678", 123456789012345678.0},
      {"5e-324", 5 / 1e308 / 1e16},
      {"1.7976931348623157e308", 17976931348623157.0 * 1e292},
      {"0e999999", 0},
      {"1e-999999", 0},
      {"-2.22222222222222214329", -(2222222222222222143.0 / 1e18)},
  };
  for (const ScoreCase& c : cases) {
    const std::string text = "[[\"a\"," + c.text + "]]";
    JsonScanner scanner(text);
    UnigramVocabulary vocabulary;
    ASSERT_TRUE(vocabulary.Read(scanner)) << c.text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(vocabulary.scores[0]),
              std::bit_cast<std::uint64_t>(c.value))
        << c.text;
  }
}

TEST(UnigramVocabulary, TellsWhereSomethingElseIs) {
  for (const char* text : {"{}", "", "[3]", R"([["a"]])", R"([["a","b"]])", R"([[1,2]])",
                           R"([["a",1,2]])", R"([["a",1e999]])", R"([["a",1],])"}) {
    JsonScanner scanner(text);
    UnigramVocabulary vocabulary;
    EXPECT_FALSE(vocabulary.Read(scanner)) << text;
  }
  JsonScanner scanner(R"([["a",1],["b",2],["c"]])");
  UnigramVocabulary vocabulary;
  EXPECT_FALSE(vocabulary.Read(scanner));
  EXPECT_EQ(vocabulary.scores.size(), 2U);
}

std::string ErrorOf(const std::string& text) {
  try {
    Tokenizer::LoadText(text, "test");
  } catch (const embd::LoadError& error) {
    return error.what();
  }
  return "no error";
}

// The vocabulary is read ahead of the document: nothing that is wrong with either may get lost.
TEST(UnigramVocabulary, AFileIsCheckedAsAWhole) {
  const std::string start = R"({"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],)";
  EXPECT_EQ(ErrorOf(start + R"(["a",-1]]}})"), "no error");
  EXPECT_EQ(ErrorOf(start + R"(["a"]]}})"),
            "test: model: vocab: expected at most 8388607 pairs of a token and its score, found "
            "something else at place 1");
  for (const char* const end :
       {"[\"a\",-1]]}", "[\"a\",-1]]}}}", "[\"a\",-1]}}", "[\"\xff\",-1]]}}", "[\"\\ud800\",-1]]}}",
        "[\"a\",01]]}}", "[\"a\",-1],]}}", "[\"a\",-1]],\"x\"}}"}) {
    EXPECT_EQ(ErrorOf(start + end).substr(0, 26), "test: expected valid JSON,") << end;
  }
  EXPECT_EQ(ErrorOf(R"({"model":{"type":"BPE","merges":[],"vocab":[["a",1]]}})"),
            "test: model: vocab: expected an object, found an array");
}

}  // namespace
}  // namespace embd
