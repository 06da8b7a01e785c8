// A binary of its own, since it replaces the global allocation functions. Runs in the root of the
// repository.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/test_allocations.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

std::vector<std::string> Files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/tokenizer")) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".json" &&
        std::filesystem::exists("tests/golden/tokenizer/" + name + ".jsonl")) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Words that no cache holds, marks in and out of order, ligatures, Hangul, emoji, a long word.
std::vector<std::string> Texts() {
  std::vector<std::string> texts = {
      "A quick brown fox, isn't it?  42 dogs.",
      "caf\u00e9 cafe\u0301 \u1e69 s\u0323\u0307 q\u0307\u0323 \u212b \ufb01n \uff21\uff22",
      "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab \u4f60\u597d\u3002 \U0001f468\u200d\U0001f469 \u0627",
      std::string(500, 'a'), std::string(300, ' ')};
  for (int i = 0; i < 200; ++i) texts[0] += " w" + std::to_string(i * 7919) + "x";
  return texts;
}

int AllocationsOfAPass(const Tokenizer& tokenizer, const EncodeOptions& options,
                       const std::vector<std::string>& texts, Tokenizer::Scratch& scratch,
                       Encoding& encoding) {
  const int before = testing::ThreadAllocations();
  for (const std::string& text : texts) {
    EXPECT_TRUE(tokenizer.Encode(text, options, scratch, encoding));
  }
  return testing::ThreadAllocations() - before;
}

TEST(TokenizerAllocations, AreCounted) {
  const int before = testing::ThreadAllocations();
  delete new int;
  EXPECT_EQ(testing::ThreadAllocations() - before, 1);
}

class TokenizerAllocations : public ::testing::TestWithParam<std::string> {};

// Each search of an expression that PCRE2 runs copies the text into two new buffers (and PCRE2
// takes memory that is not counted here); nothing else allocates, and nothing does for each token.
int AllowedPerText(const std::string& name) {
  constexpr int kPerSearch = 2;
  if (name == "expression_replace") return 3 * kPerSearch;
  return name.starts_with("expression_") || name.starts_with("regex_") ? kPerSearch : 0;
}

TEST_P(TokenizerAllocations, StopOnceTheBuffersHaveGrown) {
  const auto tokenizer = Tokenizer::Load("tests/golden/tokenizer/" + GetParam() + ".json");
  const std::vector<std::string> texts = Texts();
  const int allowed = AllowedPerText(GetParam()) * static_cast<int>(texts.size());
  for (const bool details : {false, true}) {
    const EncodeOptions options{.max_length = 512, .details = details};
    Tokenizer::Scratch scratch;
    Encoding encoding;
    // Buffers change places while they are in use: some passes until all have grown.
    for (int i = 0; i < 4; ++i) AllocationsOfAPass(*tokenizer, options, texts, scratch, encoding);
    EXPECT_EQ(AllocationsOfAPass(*tokenizer, options, texts, scratch, encoding), allowed);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TokenizerAllocations, ::testing::ValuesIn(Files()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace embd
