#include "tokenizer/models/word_start.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tokenizer/models/bpe.h"
#include "tokenizer/models/model_scratch.h"

namespace embd {
namespace {

std::string WordStartOf(const std::vector<std::string>& tokens) {
  std::vector<Vocabulary::Entry> entries;
  for (const std::string& token : tokens) {
    entries.push_back({token, static_cast<std::uint32_t>(entries.size())});
  }
  return FindWordStart(Vocabulary(entries));
}

TEST(WordStart, IsWhatNoTokenHasInside) {
  EXPECT_EQ(WordStartOf({}), "");
  EXPECT_EQ(WordStartOf({"a", "b"}), "");
  EXPECT_EQ(WordStartOf({"a", "b", "\u2581", "\u2581ab", "\u2581ba", "ab", "ba"}), "\u2581");
  EXPECT_EQ(WordStartOf({"\u2581\u2581\u2581", "\u2581ab", "\u2581\u2581ba", "ab", "ba"}),
            "\u2581");
  EXPECT_EQ(WordStartOf({"\u2581ab", "\u2581ba", "ab", "ba", "b\u2581"}), "");
  EXPECT_EQ(WordStartOf({"-ab", "_ab", "_b"}), "_");
}

TEST(WordStart, PartsReachUpToTheNextOne) {
  EXPECT_EQ(UpToWordStart("ab_cd", "_"), 2u);
  EXPECT_EQ(UpToWordStart("_ab_cd", "_"), 3u);
  EXPECT_EQ(UpToWordStart("___ab__cd", "_"), 5u);
  EXPECT_EQ(UpToWordStart("abcd", "_"), 4u);
  EXPECT_EQ(UpToWordStart("____", "_"), 4u);
  EXPECT_EQ(UpToWordStart("ab\u2580\u2581c", "\u2581"), 5u);
  EXPECT_EQ(UpToWordStart("ab\u2581", "\u2581"), 2u);
}

const std::string kVocabulary =
    R"("vocab":{"<unk>":0,"_":1,"a":2,"b":3,"__":4,"_a":5,"ab":6,"_ab":7,"___":8,"aa":9,"__a":10)";
const std::string kWordStartMerges =
    R"("merges":[["_","_"],["a","b"],["_","a"],["_","ab"],["__","_"],["a","a"],["__","a"]])";

std::unique_ptr<TokenModel> Load(const std::string& vocabulary, const std::string& members) {
  const JsonDocument document =
      JsonDocument::Parse(vocabulary + "}," + kWordStartMerges + members + "}", "test");
  return Bpe::FromJson(document.root());
}

// A token with the character inside, which no merge makes, keeps a model from cutting.
TEST(WordStart, CuttingChangesNoTokens) {
  std::mt19937 random(1);
  for (const char* members :
       {"", R"(,"unk_token":"<unk>")", R"(,"unk_token":"<unk>","fuse_unk":true)",
        R"(,"unk_token":"_")", R"(,"unk_token":"<unk>","ignore_merges":true)"}) {
    const auto cutting = Load("{" + kVocabulary, members);
    const auto whole = Load("{" + kVocabulary + R"(,"b_":11)", members);
    for (int i = 0; i < 300; ++i) {
      std::string text;
      while (text.size() < 100) text += "__aaabbxy\u00e9"[random() % 9];
      const Piece piece{0, static_cast<std::uint32_t>(text.size())};
      ModelScratch scratch;
      std::vector<Token> expected;
      std::vector<Token> found;
      ASSERT_TRUE(whole->Tokenize(text, {&piece, 1}, scratch, expected));
      ASSERT_TRUE(cutting->Tokenize(text, {&piece, 1}, scratch, found));
      ASSERT_EQ(found, expected) << members << " " << text;
    }
  }
}

}  // namespace
}  // namespace embd
