#include <cmath>
#include <numeric>

#include "kernels/test_support.h"

namespace embd {
namespace {

using kernel_test::ExpectNear;
using kernel_test::IsaTest;
using kernel_test::kEpsilon;
using kernel_test::LaneScratch;
using kernel_test::SameBits;
using kernel_test::TestMatrix;

struct AttentionCase {
  std::vector<std::uint32_t> lengths;
  int heads = 1;
  int head_size = 32;
  float magnitude = 1.0F;  // of queries and keys
};

class AttentionTest : public IsaTest {
 protected:
  static std::vector<std::uint32_t> Offsets(const std::vector<std::uint32_t>& lengths) {
    std::vector<std::uint32_t> offsets = {0};
    for (const std::uint32_t length : lengths) offsets.push_back(offsets.back() + length);
    return offsets;
  }

  static ScratchNeed Need(const AttentionCase& c) {
    std::uint32_t longest = 0;
    for (const std::uint32_t length : c.lengths) longest = std::max(longest, length);
    return {.max_tokens = longest, .max_sequence_tokens = longest, .max_head_size = c.head_size};
  }

  static TestMatrix RandomQkv(const AttentionCase& c, std::int64_t extra_stride,
                              std::int64_t shift) {
    const std::int64_t tokens = std::accumulate(c.lengths.begin(), c.lengths.end(), 0U);
    const std::int64_t hidden = std::int64_t{c.heads} * c.head_size;
    TestMatrix qkv = TestMatrix::Random(tokens, 3 * hidden, 1, extra_stride, shift);
    for (std::int64_t t = 0; t < tokens; ++t) {
      for (std::int64_t d = 0; d < 2 * hidden; ++d) qkv.at(t, d) *= c.magnitude;
    }
    return qkv;
  }

  void CompareWithRef(const AttentionCase& c) {
    const std::vector<std::uint32_t> offsets = Offsets(c.lengths);
    TestMatrix qkv = RandomQkv(c, c.head_size % 7, c.heads % 3);
    const std::int64_t hidden = std::int64_t{c.heads} * c.head_size;
    const AttentionArgs args{.qkv = qkv.view(),
                             .offsets = offsets,
                             .heads = c.heads,
                             .head_size = c.head_size,
                             .scale = 1 / std::sqrt(static_cast<float>(c.head_size))};
    TestMatrix expected(offsets.back(), hidden);
    TestMatrix actual(offsets.back(), hidden, 5, 1);
    LaneScratch ref_scratch(*ref_, Need(c));
    LaneScratch scratch(*backend_, Need(c));
    ref_->Attention(args, expected.view(), ref_scratch.lane());
    backend_->Attention(args, actual.view(), scratch.lane());
    // A score of size s carries an error of s * epsilon * length, which the exponential turns into
    // a relative error of the weights; the values are of size 1.
    const float score = c.magnitude * c.magnitude * std::sqrt(static_cast<float>(c.head_size));
    const float tolerance = kEpsilon * (8 * score + 16);
    ExpectNear(
        actual.view(), expected.view(), [&](std::int64_t, std::int64_t) { return tolerance; },
        "head size " + std::to_string(c.head_size) + ", first length " +
            std::to_string(c.lengths.front()));
    EXPECT_TRUE(actual.padding_is_untouched());
  }
};

TEST_P(AttentionTest, EqualsTheReferenceForEveryShortLength) {
  std::vector<std::uint32_t> lengths(70);
  std::iota(lengths.begin(), lengths.end(), 1);
  CompareWithRef({.lengths = lengths, .heads = 2, .head_size = 32});
  for (const int head_size : {1, 33}) CompareWithRef({.lengths = lengths, .head_size = head_size});
  // As many as the reference takes little time for: around registers, tiles and blocks of queries.
  for (const int head_size : {64, 80}) {
    CompareWithRef({.lengths = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 15,
                                16, 17, 18, 19, 24, 25, 31, 33, 35, 47, 48, 49, 63, 70},
                    .head_size = head_size});
  }
  for (const int head_size : {128, 256}) {
    CompareWithRef({.lengths = {1, 2, 5, 9, 16, 17, 31, 49}, .head_size = head_size});
  }
}

TEST_P(AttentionTest, EqualsTheReferenceAcrossChunks) {
  CompareWithRef({.lengths = {95, 96, 97, 192, 193, 300}, .heads = 2, .head_size = 32});
  CompareWithRef({.lengths = {512}, .heads = 1, .head_size = 64});
}

TEST_P(AttentionTest, TakesAnyHeadSize) {
  for (const int head_size : {1, 3, 8, 16, 17, 24, 40, 64, 80, 96, 128, 256}) {
    CompareWithRef({.lengths = {1, 13, 110}, .heads = 3, .head_size = head_size});
  }
}

TEST_P(AttentionTest, LargeScoresNeitherOverflowNorVanish) {
  CompareWithRef({.lengths = {20, 120}, .heads = 1, .head_size = 32, .magnitude = 10.0F});
  // Scores of +-1e4: one key takes all, and the sum of the others underflows.
  constexpr std::uint32_t kTokens = 130;
  TestMatrix qkv(kTokens, 3 * 4);
  std::int64_t at = 0;
  qkv.Fill([&] {
    const std::int64_t token = at / 12;
    const std::int64_t part = at++ % 12 / 4;
    if (part == 0) return 100.0F;
    if (part == 1) return token == 77 ? 100.0F : -100.0F;
    return static_cast<float>(token);
  });
  const std::vector<std::uint32_t> offsets = {0, kTokens};
  TestMatrix out(kTokens, 4);
  LaneScratch scratch(*backend_, {.max_tokens = kTokens,
                                  .max_sequence_tokens = kTokens,
                                  .max_features = 4,
                                  .max_head_size = 4});
  backend_->Attention(
      {.qkv = qkv.view(), .offsets = offsets, .heads = 1, .head_size = 4, .scale = 0.25F},
      out.view(), scratch.lane());
  for (std::int64_t t = 0; t < kTokens; ++t) ASSERT_EQ(out.at(t, 3), 77.0F) << t;
}

TEST_P(AttentionTest, DenormalInputsAreAverages) {
  TestMatrix qkv(3, 3);
  qkv.Fill([] { return 1e-42F; });
  const std::vector<std::uint32_t> offsets = {0, 3};
  TestMatrix out(3, 1);
  LaneScratch scratch(*backend_, {.max_tokens = 3, .max_sequence_tokens = 3, .max_head_size = 1});
  backend_->Attention({.qkv = qkv.view(), .offsets = offsets, .heads = 1, .head_size = 1},
                      out.view(), scratch.lane());
  EXPECT_NEAR(out.at(1, 0), 1e-42F, 3e-45F);
}

TEST_P(AttentionTest, ASequenceHasTheSameBitsInAnyBatch) {
  const AttentionCase c{.lengths = {7, 130, 1, 48, 49, 200, 16}, .heads = 3, .head_size = 40};
  const std::vector<std::uint32_t> offsets = Offsets(c.lengths);
  TestMatrix qkv = RandomQkv(c, 0, 0);
  TestMatrix together(offsets.back(), 120);
  LaneScratch scratch(*backend_, Need(c));
  AttentionArgs args{
      .qkv = qkv.view(), .offsets = offsets, .heads = 3, .head_size = 40, .scale = 0.2F};
  backend_->Attention(args, together.view(), scratch.lane());
  for (std::size_t i = 0; i < c.lengths.size(); ++i) {
    const std::vector<std::uint32_t> alone_offsets = {0, c.lengths[i]};
    TestMatrix alone(c.lengths[i], 120, 9, 2);
    args.qkv = qkv.rows(offsets[i], offsets[i + 1]);
    args.offsets = alone_offsets;
    backend_->Attention(args, alone.view(), scratch.lane());
    EXPECT_TRUE(SameBits(alone.view(), together.rows(offsets[i], offsets[i + 1]))) << i;
  }
}

TEST_P(AttentionTest, NoSequencesIsNothingToDo) {
  const std::vector<std::uint32_t> offsets = {0};
  TestMatrix qkv(0, 96);
  TestMatrix out(0, 32);
  LaneScratch scratch(*backend_, {});
  backend_->Attention({.qkv = qkv.view(), .offsets = offsets, .heads = 1, .head_size = 32},
                      out.view(), scratch.lane());
  EXPECT_TRUE(out.padding_is_untouched());
}

EMBD_FOR_EACH_ISA(AttentionTest);

}  // namespace
}  // namespace embd
