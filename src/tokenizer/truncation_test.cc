#include "tokenizer/truncation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace embd {

void PrintTo(const KeptTokens& kept, std::ostream* out) {
  *out << kept.first << " and " << kept.second;
}

namespace {

struct TruncationCase {
  std::size_t first;
  std::size_t second;
  std::size_t limit;
  KeptTokens kept;
};

class LongestFirst : public ::testing::TestWithParam<TruncationCase> {};

TEST_P(LongestFirst, Keeps) {
  const TruncationCase& c = GetParam();
  EXPECT_EQ(TruncateLongestFirst(c.first, c.second, c.limit), c.kept);
}

INSTANTIATE_TEST_SUITE_P(
    Table, LongestFirst,
    ::testing::Values(TruncationCase{0, 0, 7, {0, 0}}, TruncationCase{2, 4, 7, {2, 4}},
                      TruncationCase{0, 8, 7, {0, 7}}, TruncationCase{8, 0, 7, {7, 0}},
                      TruncationCase{2, 8, 7, {2, 5}}, TruncationCase{8, 2, 7, {5, 2}},
                      TruncationCase{4, 4, 7, {3, 4}}, TruncationCase{4, 8, 7, {3, 4}},
                      TruncationCase{8, 4, 7, {4, 3}}, TruncationCase{8, 8, 7, {3, 4}},
                      TruncationCase{9, 9, 1, {0, 1}}, TruncationCase{9, 5, 0, {0, 0}},
                      TruncationCase{3, 0, 0, {0, 0}}, TruncationCase{10, 20, 5, {2, 3}}));

using Strategy = TruncationStrategy;

struct RuleCase {
  std::size_t first;
  std::optional<std::size_t> second;
  TruncationRule rule;
  std::optional<KeptTokens> kept;  // none: an error
};

class Truncated : public ::testing::TestWithParam<RuleCase> {};

TEST_P(Truncated, KeepsOrFails) {
  const RuleCase& c = GetParam();
  const Result<KeptTokens> kept = Truncate(c.first, c.second, c.rule);
  ASSERT_EQ(kept.ok(), c.kept.has_value());
  if (kept.ok()) {
    EXPECT_EQ(*kept, *c.kept);
  } else {
    EXPECT_EQ(kept.error().kind, ErrorKind::kTokenizer);
    EXPECT_THAT(kept.error().message, ::testing::StartsWith("Truncation error: "));
  }
}

// What the reference answers; see enable_truncation of the PyPI package.
INSTANTIATE_TEST_SUITE_P(
    Table, Truncated,
    ::testing::Values(RuleCase{8, {}, {Strategy::kLongestFirst, 5, 0}, KeptTokens{5, 0}},
                      RuleCase{8, 8, {Strategy::kLongestFirst, 7, 0}, KeptTokens{3, 4}},
                      RuleCase{8, {}, {Strategy::kOnlyFirst, 5, 0}, KeptTokens{5, 0}},
                      RuleCase{8, 3, {Strategy::kOnlyFirst, 5, 0}, KeptTokens{2, 3}},
                      RuleCase{8, 4, {Strategy::kOnlyFirst, 5, 0}, KeptTokens{1, 4}},
                      RuleCase{8, 5, {Strategy::kOnlyFirst, 5, 0}, std::nullopt},
                      RuleCase{8, 5, {Strategy::kOnlyFirst, 0, 0}, KeptTokens{0, 0}},
                      RuleCase{2, 3, {Strategy::kOnlyFirst, 5, 0}, KeptTokens{2, 3}},
                      RuleCase{3, 8, {Strategy::kOnlySecond, 5, 0}, KeptTokens{3, 2}},
                      RuleCase{5, 8, {Strategy::kOnlySecond, 5, 0}, std::nullopt},
                      RuleCase{8, {}, {Strategy::kOnlySecond, 5, 0}, std::nullopt},
                      RuleCase{5, {}, {Strategy::kOnlySecond, 5, 0}, KeptTokens{5, 0}},
                      RuleCase{8, {}, {Strategy::kOnlySecond, 0, 0}, KeptTokens{0, 0}},
                      RuleCase{8, {}, {Strategy::kLongestFirst, 5, 4}, KeptTokens{5, 0}},
                      RuleCase{8, {}, {Strategy::kLongestFirst, 5, 5}, std::nullopt},
                      RuleCase{5, {}, {Strategy::kLongestFirst, 5, 9}, KeptTokens{5, 0}},
                      RuleCase{8, {}, {Strategy::kLongestFirst, 0, 9}, KeptTokens{0, 0}},
                      RuleCase{8, 3, {Strategy::kOnlyFirst, 5, 2}, std::nullopt},
                      RuleCase{3, 8, {Strategy::kOnlySecond, 6, 2}, KeptTokens{3, 3}},
                      RuleCase{8, 8, {Strategy::kLongestFirst, 7, 3}, std::nullopt}));

}  // namespace
}  // namespace embd
