#include "tokenizer/truncation.h"

#include <gtest/gtest.h>

#include <ostream>

namespace embd {

void PrintTo(const KeptTokens& kept, std::ostream* out) {
  *out << kept.first << " and " << kept.second;
}

namespace {

struct Case {
  std::size_t first;
  std::size_t second;
  std::size_t limit;
  KeptTokens kept;
};

class LongestFirst : public testing::TestWithParam<Case> {};

TEST_P(LongestFirst, Keeps) {
  const Case& c = GetParam();
  EXPECT_EQ(TruncateLongestFirst(c.first, c.second, c.limit), c.kept);
}

INSTANTIATE_TEST_SUITE_P(Table, LongestFirst,
                         testing::Values(Case{0, 0, 7, {0, 0}}, Case{2, 4, 7, {2, 4}},
                                         Case{0, 8, 7, {0, 7}}, Case{8, 0, 7, {7, 0}},
                                         Case{2, 8, 7, {2, 5}}, Case{8, 2, 7, {5, 2}},
                                         Case{4, 4, 7, {3, 4}}, Case{4, 8, 7, {3, 4}},
                                         Case{8, 4, 7, {4, 3}}, Case{8, 8, 7, {3, 4}},
                                         Case{9, 9, 1, {0, 1}}, Case{9, 5, 0, {0, 0}},
                                         Case{3, 0, 0, {0, 0}}, Case{10, 20, 5, {2, 3}}));

}  // namespace
}  // namespace embd
