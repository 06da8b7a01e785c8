// Several threads in one step: the same bits as one, and no race (the tsan preset runs this).

#include <numeric>
#include <thread>

#include "kernels/cpu/attention_split.h"
#include "kernels/cpu/linear_split.h"
#include "kernels/test_support.h"

namespace embd {
namespace {

using kernel_test::IsaTest;
using kernel_test::LaneScratch;
using kernel_test::SameBits;
using kernel_test::TestMatrix;
using kernel_test::TestWeight;

// A small step that uses every operation, each reading what the one before wrote.
class Step {
 public:
  Step(const Backend& backend, const std::vector<std::uint32_t>& lengths,
       WeightFormat format = WeightFormat::kF32)
      : backend_(backend), offsets_({0}) {
    for (const std::uint32_t length : lengths) {
      offsets_.push_back(offsets_.back() + length);
      longest_ = std::max(longest_, length);
    }
    const auto tokens = static_cast<std::size_t>(offsets_.back());
    for (std::size_t i = 0; i < tokens; ++i) ids_.push_back(static_cast<std::uint32_t>(i % 11));
    const LinearWeight qkv{.weight = qkv_.view(), .bias = {}};
    const LinearWeight up{.weight = up_.view(), .bias = {}};
    const LinearWeight down{.weight = down_.view(), .bias = {}};
    qkv_weight_ = backend.Prepare({&qkv, 1}, format);
    up_weight_ = backend.Prepare({&up, 1}, format);
    down_weight_ = backend.Prepare({&down, 1}, format);
  }

  // Runs the step with `count` threads, each a lane.
  TestMatrix Run(int count) {
    const std::int64_t tokens = offsets_.back();
    TestMatrix hidden(tokens, kHidden);
    TestMatrix qkv(tokens, 3 * kHidden);
    TestMatrix mixed(tokens, kHidden);
    TestMatrix wide(tokens, kWide);
    TestMatrix pooled(static_cast<std::int64_t>(offsets_.size()) - 1, kHidden);
    StepBarrier barrier(count);
    const auto run_lane = [&](int index) {
      LaneScratch scratch(backend_, {.max_tokens = tokens,
                                     .max_sequence_tokens = longest_,
                                     .max_features = kWide,
                                     .max_head_size = kHidden / kHeads});
      const Lane lane = scratch.lane(index, count, count > 1 ? &barrier : nullptr);
      backend_.Embed({.words = words_.view(),
                      .positions = {},
                      .types = {},
                      .ids = ids_,
                      .position_ids = {},
                      .type_ids = {}},
                     hidden.view(), lane);
      backend_.Linear(hidden.view(), *qkv_weight_, {}, qkv.view(), lane);
      backend_.Attention({.qkv = qkv.view(),
                          .offsets = offsets_,
                          .heads = kHeads,
                          .head_size = kHidden / kHeads,
                          .scale = 0.1F},
                         mixed.view(), lane);
      backend_.Norm(mixed.view(), {.gamma = gamma_.view().data, .beta = nullptr}, {}, hidden.view(),
                    lane);
      backend_.Linear(hidden.view(), *up_weight_, {.activation = Activation::kGelu, .residual = {}},
                      wide.view(), lane);
      backend_.Linear(wide.view(), *down_weight_,
                      {.activation = Activation::kNone, .residual = hidden.view()}, hidden.view(),
                      lane);
      backend_.Pool(hidden.view(), offsets_, Pooling::kMean, pooled.view(), lane);
    };
    std::vector<std::jthread> threads;
    for (int index = 1; index < count; ++index) threads.emplace_back(run_lane, index);
    run_lane(0);
    threads.clear();
    return pooled;
  }

 private:
  static constexpr std::int64_t kHidden = 80;
  static constexpr std::int64_t kWide = 450;
  static constexpr int kHeads = 5;

  const Backend& backend_;
  std::vector<std::uint32_t> offsets_;
  std::uint32_t longest_ = 0;
  std::vector<std::uint32_t> ids_;
  TestWeight words_{DType::kF32, {11, kHidden}, 1};
  TestWeight qkv_{DType::kF32, {3 * kHidden, kHidden}, 2, 0.1F};
  TestWeight up_{DType::kF32, {kWide, kHidden}, 3, 0.1F};
  TestWeight down_{DType::kF32, {kHidden, kWide}, 4, 0.1F};
  TestMatrix gamma_ = TestMatrix::Random(1, kHidden, 5);
  std::unique_ptr<PreparedWeight> qkv_weight_;
  std::unique_ptr<PreparedWeight> up_weight_;
  std::unique_ptr<PreparedWeight> down_weight_;
};

class LanesTest : public IsaTest {};

TEST_P(LanesTest, AnyNumberOfLanesGivesTheSameBits) {
  for (const WeightFormat format : {WeightFormat::kF32, WeightFormat::kBF16, WeightFormat::kInt8}) {
    Step step(*backend_, {13, 1, 64, 150, 3}, format);
    TestMatrix alone = step.Run(1);
    for (const int count : {2, 3, 4, 7}) {
      TestMatrix split = step.Run(count);
      EXPECT_TRUE(SameBits(split.view(), alone.view())) << count;
    }
  }
}

TEST_P(LanesTest, MoreLanesThanWorkIsFine) {
  Step step(*backend_, {2});
  TestMatrix alone = step.Run(1);
  TestMatrix split = step.Run(8);
  EXPECT_TRUE(SameBits(split.view(), alone.view()));
}

TEST_P(LanesTest, TheReferenceAgrees) {
  Step step(*backend_, {13, 1, 64});
  Step ref_step(*ref_, {13, 1, 64});
  TestMatrix split = step.Run(3);
  TestMatrix expected = ref_step.Run(2);
  kernel_test::ExpectNear(
      split.view(), expected.view(), [](std::int64_t, std::int64_t) { return 2e-5F; }, "step");
}

EMBD_FOR_EACH_ISA(LanesTest);

// Every query of every head falls to exactly one lane.
TEST(AttentionSplitTest, CoversEveryQueryOnce) {
  const std::vector<std::uint32_t> offsets = {0, 5, 5, 105, 117, 629};
  constexpr std::int64_t kHeads = 3;
  constexpr std::int64_t kBlock = 48;
  for (int count = 1; count <= 40; ++count) {
    std::vector<int> seen(629 * kHeads, 0);
    for (int index = 0; index < count; ++index) {
      cpu::ForEachAttentionShare(offsets, kHeads, kBlock, {.index = index, .count = count},
                                 [&](const cpu::AttentionShare& share) {
                                   EXPECT_EQ(share.query_begin % kBlock, 0);
                                   EXPECT_LE(share.query_end, share.tokens);
                                   for (std::int64_t q = share.query_begin; q < share.query_end;
                                        ++q) {
                                     ++seen[(share.first_token + q) * kHeads + share.head];
                                   }
                                 });
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 629 * kHeads) << count;
  }
}

// Every row meets every panel in exactly one lane.
TEST(LinearSplitTest, CoversEveryPanelOfEveryRowOnce) {
  for (int count = 1; count <= 40; ++count) {
    for (const std::int64_t rows : {1, 7, 15, 100}) {
      for (const std::int64_t panels : {1, 2, 6, 8, 13, 72}) {
        std::vector<int> seen(rows * panels, 0);
        for (int index = 0; index < count; ++index) {
          const cpu::LinearShare share =
              cpu::ShareLinear({.index = index, .count = count}, rows, panels);
          for (std::int64_t r = share.rows.begin; r < share.rows.end; ++r) {
            for (std::int64_t p = share.panels.begin; p < share.panels.end; ++p) {
              ++seen[r * panels + p];
            }
          }
        }
        EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), rows * panels)
            << count << " lanes, " << rows << " x " << panels;
      }
    }
  }
}

struct GridCase {
  int lanes;
  std::int64_t rows, panels;
  int across, down;
};

class LinearGridTest : public ::testing::TestWithParam<GridCase> {};

TEST_P(LinearGridTest, IsTheOneThatEndsFirst) {
  const GridCase& c = GetParam();
  const cpu::LaneGrid grid = cpu::ChooseGrid(c.lanes, c.rows, c.panels);
  EXPECT_EQ(grid.across, c.across);
  EXPECT_EQ(grid.down, c.down);
}

INSTANTIATE_TEST_SUITE_P(
    All, LinearGridTest,
    ::testing::Values(GridCase{1, 15, 24, 1, 1},  //
                      GridCase{2, 15, 24, 2, 1},  // each its own weights
                      GridCase{2, 100, 3, 1, 2},  // no panel that only one of them has
                      GridCase{4, 3, 2, 2, 1},    // rows so few that half of them is no less
                      GridCase{11, 64, 8, 2, 5},  // one stands aside
                      GridCase{16, 15, 6, 6, 2},  // four stand aside
                      GridCase{16, 128, 72, 8, 2}, GridCase{7, 0, 5, 5, 1},
                      GridCase{3, 5, 0, 1, 1}));

}  // namespace
}  // namespace embd
