#include "tokenizer/trie.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace embd {
namespace {

std::vector<Trie::Key> KeysOf(const std::map<std::string, std::uint32_t>& strings) {
  std::vector<Trie::Key> keys;
  for (const auto& [text, value] : strings) keys.push_back({text, value});
  return keys;
}

TEST(Trie, EmptyHasNothing) {
  const Trie trie;
  EXPECT_EQ(trie.Find("a"), Trie::kNone);
  EXPECT_EQ(trie.Find(std::string_view("\0", 1)), Trie::kNone);
  EXPECT_EQ(trie.Find(""), Trie::kNone);
}

TEST(Trie, FindsKeysAndTheirPrefixes) {
  const Trie trie(KeysOf({{"a", 0}, {"abc", 1}, {"abd", Trie::kMaxValue}, {"b", 3}}));
  EXPECT_EQ(trie.Find("a"), 0u);
  EXPECT_EQ(trie.Find("ab"), Trie::kNone);
  EXPECT_EQ(trie.Find("abc"), 1u);
  EXPECT_EQ(trie.Find("abd"), Trie::kMaxValue);
  EXPECT_EQ(trie.Find("abcd"), Trie::kNone);
}

// The values of the prefixes of `text`, from behind the branch or from the root.
std::vector<std::uint32_t> Prefixes(const Trie& trie, std::uint32_t node, std::string_view text) {
  std::vector<std::uint32_t> values;
  trie.ForEachPrefix(node, text, 0, [&](std::size_t end, std::uint32_t value) {
    EXPECT_LE(end, text.size());
    values.push_back(value);
  });
  return values;
}

TEST(Trie, LooksForPrefixesFromTheRootAndFromTheBranch) {
  using Values = std::vector<std::uint32_t>;
  const std::vector<Trie::Key> keys = {{"#", 0},      {"##", 1},  {"##abcd", 2}, {"##ab", 3},
                                       {"##abcz", 4}, {"##x", 5}, {"abc", 6},    {"##ylonger", 7}};
  const Trie trie(keys, "##");
  EXPECT_EQ(Prefixes(trie, Trie::kRoot, "##abcdef"), (Values{0, 1, 3, 2}));
  EXPECT_EQ(Prefixes(trie, Trie::kRoot, "abcd"), Values{6});
  EXPECT_EQ(Prefixes(trie, trie.branch(), "abcdef"), (Values{3, 2}));
  EXPECT_EQ(Prefixes(trie, trie.branch(), "ylonge"), Values{});
  EXPECT_EQ(Prefixes(trie, trie.branch(), "ylongers"), Values{7});
  EXPECT_EQ(trie.LongestPrefix(trie.branch(), "..abczz", 2).end, 6u);
}

TEST(Trie, TheBranchNeedsAKeyThatGoesOn) {
  const auto branch = [](std::vector<Trie::Key> keys) { return Trie(keys, "##").branch(); };
  EXPECT_EQ(branch({}), Trie::kNone);
  EXPECT_EQ(branch({{"##", 1}, {"#a", 2}}), Trie::kNone);
  EXPECT_EQ(branch({{"##", 1}}), Trie::kNone);
  EXPECT_NE(branch({{"##alone", 1}}), Trie::kNone);
  EXPECT_NE(branch({{"##", 1}, {"##a", 2}}), Trie::kNone);
  EXPECT_EQ(Trie(std::vector<Trie::Key>{{"ab", 1}}).branch(), Trie::kRoot);
}

TEST(Trie, KeysMayBeLong) {
  const std::string lengths[] = {std::string(256, 'a'), "b" + std::string(255, 'a'),
                                 "c" + std::string(256, 'a'), "d" + std::string(1000, 'a')};
  std::vector<Trie::Key> keys;
  for (const std::string& text : lengths)
    keys.push_back({text, static_cast<std::uint32_t>(keys.size())});
  const Trie trie(keys);
  for (const Trie::Key& key : keys) {
    EXPECT_EQ(trie.Find(key.text), key.value);
    EXPECT_EQ(trie.Find(key.text.substr(0, key.text.size() - 1)), Trie::kNone);
    EXPECT_EQ(trie.Find(std::string(key.text) + "a"), Trie::kNone);
  }
}

TEST(Trie, CountsDuplicates) {
  const Trie trie(std::vector<Trie::Key>{{"a", 1}, {"b", 2}, {"a", 3}});
  EXPECT_EQ(trie.duplicates(), 1u);
  EXPECT_EQ(trie.Find("a"), 3u);
  EXPECT_EQ(trie.Find("b"), 2u);
}

TEST(Trie, EveryByteIsALabel) {
  std::map<std::string, std::uint32_t> strings;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; b += 5) {
      strings[{static_cast<char>(a), static_cast<char>(b)}] =
          static_cast<std::uint32_t>(a * 256 + b);
    }
  }
  const Trie trie(KeysOf(strings));
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      const auto found = strings.find(text);
      ASSERT_EQ(trie.Find(text), found == strings.end() ? Trie::kNone : found->second);
    }
  }
}

TEST(Trie, AgreesWithAMapOnRandomKeys) {
  std::mt19937 random(1);
  const auto text = [&random](std::uint32_t letters) {
    std::string result(1 + random() % (letters == 2 ? 20 : 6), 0);
    for (char& c : result) c = static_cast<char>(random() % letters);
    return result;
  };
  for (const std::uint32_t letters : {2u, 5u, 200u}) {
    std::map<std::string, std::uint32_t> strings;
    for (std::uint32_t i = 0; i < 5000; ++i) strings[text(letters)] = i;
    const Trie trie(KeysOf(strings));
    for (const auto& [key, value] : strings) ASSERT_EQ(trie.Find(key), value);
    for (int i = 0; i < 20000; ++i) {
      const std::string probe = text(letters);
      const auto found = strings.find(probe);
      ASSERT_EQ(trie.Find(probe), found == strings.end() ? Trie::kNone : found->second);
    }
  }
}

}  // namespace
}  // namespace embd
