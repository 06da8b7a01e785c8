// Attention that does not see every key, adds something by distance, or shares keys among heads.

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

struct AttentionOptionsCase {
  std::string name;
  std::vector<std::uint32_t> lengths = {1, 2, 47, 48, 49, 130, 300};
  int heads = 2;
  int kv_heads = 0;
  int head_size = 32;
  bool causal = false;
  std::int64_t window = DistanceBias::kUnlimited;
  std::vector<float> slopes = {};
  std::int64_t reach = -1;  // of a random table; -1: none

  std::int64_t out_columns() const { return std::int64_t{heads} * head_size; }
  std::int64_t columns() const {
    return std::int64_t{heads + 2 * (kv_heads == 0 ? heads : kv_heads)} * head_size;
  }
};

std::vector<AttentionOptionsCase> Cases() {
  std::vector<AttentionOptionsCase> cases = {
      {.name = "causal", .causal = true},
      {.name = "slopes", .slopes = {0.5F, 0.00390625F}},
      {.name = "causal slopes", .causal = true, .slopes = {0.25F, 1.0F}},
      {.name = "table", .reach = 9},
      {.name = "table of one value", .reach = 0},
      {.name = "wide table", .reach = 400},
      {.name = "table and window", .window = 20, .reach = 7},
      {.name = "all at once", .causal = true, .window = 33, .slopes = {0.1F, 0.0F}, .reach = 40},
      {.name = "shared keys", .heads = 6, .kv_heads = 2, .head_size = 16},
      {.name = "one key for all", .heads = 5, .kv_heads = 1, .head_size = 24, .causal = true},
      {.name = "long windows", .lengths = {700, 1}, .heads = 1, .window = 64},
  };
  for (const std::int64_t window : {0, 1, 3, 15, 16, 47, 48, 49, 127, 128, 129}) {
    cases.push_back({.name = "window " + std::to_string(window), .window = window});
    cases.push_back(
        {.name = "causal window " + std::to_string(window), .causal = true, .window = window});
  }
  for (const int head_size : {32, 40, 64, 80, 96, 128, 192, 256}) {
    cases.push_back({.name = "head size " + std::to_string(head_size),
                     .lengths = {5, 110},
                     .head_size = head_size,
                     .causal = true,
                     .window = 50,
                     .slopes = {0.1F, 0.2F}});
  }
  return cases;
}

// The inputs of one case.
class Inputs {
 public:
  explicit Inputs(const AttentionOptionsCase& c)
      : case_(c),
        table_(TestMatrix::Random(c.heads, 2 * std::max<std::int64_t>(c.reach, 0) + 1, 7, 3, 1)) {
    for (const std::uint32_t length : c.lengths) {
      offsets_.push_back(offsets_.back() + length);
      longest_ = std::max(longest_, length);
    }
    qkv_ = TestMatrix::Random(offsets_.back(), c.columns(), 1, c.head_size % 5, c.heads % 3);
  }

  AttentionArgs Args() {
    AttentionArgs args{.qkv = qkv_.view(),
                       .offsets = offsets_,
                       .heads = case_.heads,
                       .head_size = case_.head_size,
                       .scale = 1 / std::sqrt(static_cast<float>(case_.head_size)),
                       .kv_heads = case_.kv_heads,
                       .distance = {.causal = case_.causal, .window = case_.window}};
    if (!case_.slopes.empty()) args.distance.slopes = case_.slopes.data();
    if (case_.reach >= 0) args.distance.table = table_.view();
    return args;
  }
  ScratchNeed Need() const {
    return {.max_tokens = longest_,
            .max_sequence_tokens = longest_,
            .max_features = 1,
            .max_head_size = case_.head_size};
  }
  const std::vector<std::uint32_t>& offsets() const { return offsets_; }
  TestMatrix& qkv() { return qkv_; }

 private:
  const AttentionOptionsCase& case_;
  std::vector<std::uint32_t> offsets_ = {0};
  std::uint32_t longest_ = 0;
  TestMatrix table_;
  TestMatrix qkv_{0, 1};
};

class AttentionOptionsTest : public IsaTest {};

TEST_P(AttentionOptionsTest, EqualsTheReference) {
  for (const AttentionOptionsCase& c : Cases()) {
    Inputs inputs(c);
    TestMatrix expected(inputs.offsets().back(), c.out_columns());
    TestMatrix actual(inputs.offsets().back(), c.out_columns(), 5, 1);
    LaneScratch ref_scratch(*ref_, inputs.Need());
    LaneScratch scratch(*backend_, inputs.Need());
    ref_->Attention(inputs.Args(), expected.view(), ref_scratch.lane());
    backend_->Attention(inputs.Args(), actual.view(), scratch.lane());
    // Scores of size sqrt(head size) and biases of size slope * distance round by epsilon of it.
    float largest = std::sqrt(static_cast<float>(c.head_size)) + 4;
    for (const float slope : c.slopes) {
      largest = std::max(largest, slope * static_cast<float>(inputs.Need().max_tokens));
    }
    const float tolerance = kEpsilon * (8 * largest + 16);
    ExpectNear(
        actual.view(), expected.view(), [&](std::int64_t, std::int64_t) { return tolerance; },
        c.name);
    EXPECT_TRUE(actual.padding_is_untouched()) << c.name;
  }
}

TEST_P(AttentionOptionsTest, ASequenceHasTheSameBitsInAnyBatchAndSplit) {
  for (const AttentionOptionsCase& c : Cases()) {
    Inputs inputs(c);
    TestMatrix together(inputs.offsets().back(), c.out_columns());
    TestMatrix split(inputs.offsets().back(), c.out_columns());
    LaneScratch scratch(*backend_, inputs.Need());
    AttentionArgs args = inputs.Args();
    backend_->Attention(args, together.view(), scratch.lane());
    for (int lane = 0; lane < 3; ++lane) {
      backend_->Attention(args, split.view(), scratch.lane(lane, 3));
    }
    EXPECT_TRUE(SameBits(split.view(), together.view())) << c.name;
    for (std::size_t i = 0; i < c.lengths.size(); ++i) {
      const std::int64_t begin = inputs.offsets()[i];
      const std::int64_t end = inputs.offsets()[i + 1];
      const std::vector<std::uint32_t> offsets = {0, c.lengths[i]};
      TestMatrix alone(end - begin, c.out_columns(), 9, 2);
      args.qkv = inputs.qkv().rows(begin, end);
      args.offsets = offsets;
      backend_->Attention(args, alone.view(), scratch.lane());
      EXPECT_TRUE(SameBits(alone.view(), together.rows(begin, end))) << c.name << " " << i;
    }
  }
}

// What a query does not see does not matter, however large it is.
TEST_P(AttentionOptionsTest, HiddenKeysHaveNoWeight) {
  const AttentionOptionsCase c{
      .name = "hidden", .lengths = {260}, .heads = 1, .causal = true, .window = 5};
  Inputs inputs(c);
  TestMatrix expected(260, 32);
  TestMatrix actual(260, 32);
  LaneScratch scratch(*backend_, inputs.Need());
  backend_->Attention(inputs.Args(), expected.view(), scratch.lane());
  for (const std::int64_t changed : {0, 100, 259}) {
    for (std::int64_t col = 32; col < 96; ++col) inputs.qkv().at(changed, col) = 1e6F;
    backend_->Attention(inputs.Args(), actual.view(), scratch.lane());
    for (std::int64_t query = 0; query < 260; ++query) {
      const bool sees = query >= changed && query - changed <= 5;
      const bool same = SameBits(actual.rows(query, query + 1), expected.rows(query, query + 1));
      EXPECT_EQ(same, !sees) << changed << " from " << query;
    }
    backend_->Attention(inputs.Args(), expected.view(), scratch.lane());
  }
}

EMBD_FOR_EACH_ISA(AttentionOptionsTest);

}  // namespace
}  // namespace embd
