#include "tokenizer/models/bpe_merge.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace embd {
namespace {

// Merges over a few letters as a training would make them: each of two tokens that exist.
struct RandomMerges {
  MergeTable table{1000};
  std::map<std::string, std::uint32_t> ids;

  RandomMerges(std::uint32_t seed, std::size_t letters, std::size_t merges) {
    std::mt19937 random(seed);
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < letters; ++i) tokens.emplace_back(1, static_cast<char>('a' + i));
    for (const std::string& token : tokens) ids.emplace(token, ids.size());
    for (std::size_t i = 0; i < merges; ++i) {
      const std::string left = tokens[random() % tokens.size()];
      const std::string right = tokens[random() % tokens.size()];
      if (left.size() + right.size() > 12) continue;
      const auto [merged, is_new] =
          ids.emplace(left + right, static_cast<std::uint32_t>(ids.size()));
      if (is_new) tokens.push_back(left + right);
      if (table.Find(ids[left], ids[right]).rank != MergeTable::kNone) continue;
      table.Append(ids[left], ids[right], merged->second);
    }
  }

  std::vector<Token> Merge(MergeTexts texts, const std::string& word) const {
    std::vector<BpeSymbol> symbols;
    for (const char c : word) symbols.push_back({static_cast<std::uint32_t>(c - 'a'), 1});
    BpeMergeScratch scratch;
    std::vector<Token> tokens;
    MergeSymbols(table, texts, symbols, 3, scratch, tokens);
    return tokens;
  }
};

// By the definition: again and again the lowest rank, then the leftmost.
std::vector<Token> MergeSlowly(const MergeTable& table, std::vector<Token> tokens) {
  while (true) {
    std::size_t best = 0;
    MergeTable::Merge merge;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const MergeTable::Merge found = table.Find(tokens[i].id, tokens[i + 1].id);
      if (found.rank >= merge.rank) continue;
      best = i;
      merge = found;
    }
    if (merge.rank == MergeTable::kNone) return tokens;
    tokens[best] = {merge.merged, {tokens[best].range.begin, tokens[best + 1].range.end}};
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

std::string RandomWord(std::mt19937& random, std::size_t letters, std::size_t size) {
  std::string word;
  while (word.size() < size) {
    const auto c = static_cast<char>('a' + random() % letters);
    word.append(1 + (random() % 8 == 0 ? random() % 40 : 0), c);
  }
  return word;
}

TEST(BpeMerge, EqualsTheDefinition) {
  std::mt19937 random(1);
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const std::size_t letters = 1 + seed % 4;
    const RandomMerges merges(seed, letters, 1 + random() % 60);
    for (const std::size_t size : {1u, 2u, 23u, 24u, 25u, 26u, 300u}) {
      const std::string word = RandomWord(random, letters, size);
      std::vector<Token> tokens;
      for (std::uint32_t i = 0; i < word.size(); ++i) {
        tokens.push_back({static_cast<std::uint32_t>(word[i] - 'a'), {3 + i, 4 + i}});
      }
      ASSERT_EQ(merges.Merge(MergeTexts::kConcatenated, word), MergeSlowly(merges.table, tokens))
          << seed << " " << word;
    }
  }
}

TEST(BpeMerge, WindowsChangeNothing) {
  std::mt19937 random(2);
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const std::size_t letters = 1 + seed % 4;
    const RandomMerges merges(seed, letters, 1 + random() % 200);
    const std::string word = RandomWord(random, letters, 4000 + random() % 12000);
    ASSERT_EQ(merges.Merge(MergeTexts::kConcatenated, word),
              merges.Merge(MergeTexts::kWithoutPrefix, word))
        << seed;
  }
}

TEST(BpeMerge, OneLetterForever) {
  const RandomMerges merges(1, 1, 10);
  const std::string word(20001, 'a');
  EXPECT_EQ(merges.Merge(MergeTexts::kConcatenated, word),
            merges.Merge(MergeTexts::kWithoutPrefix, word));
}

}  // namespace
}  // namespace embd
