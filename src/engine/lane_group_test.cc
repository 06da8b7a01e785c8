#include "engine/lane_group.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/page_buffer.h"
#include "engine/test_model.h"

namespace embd {
namespace {

using namespace std::chrono_literals;
using testing::TestModel;

constexpr auto kForEver = std::chrono::hours(1);
constexpr StepLimits kGroupLimits{.max_tokens = 64, .max_sequences = 8, .max_sequence_tokens = 64};

// A step of eight sequences of one token each, and the memory that it needs.
class LaneGroupTest : public ::testing::Test {
 protected:
  LaneGroup::Own Own(std::size_t thread, BarrierRef pause = nullptr) {
    return {.scratch = scratch_[thread].bytes(), .pause = pause};
  }

  LaneGroup::Step Step() {
    return {.model = model_,
            .batch = {.ids = ids_, .type_ids = zeros_, .position_ids = zeros_, .offsets = offsets_},
            .activations = activations_.bytes()};
  }

  // Runs the step with so many helpers, all of whom come; what Lead throws, as text.
  std::string Run(int helpers) {
    // Who helped before has left when its thread has ended.
    EXPECT_TRUE(group_.Open(helpers));
    std::vector<std::jthread> threads;
    for (int i = 0; i < helpers; ++i) {
      threads.emplace_back([this, i] {
        const int seat = group_.Join();
        ASSERT_GT(seat, 0);
        group_.Help(seat, Own(static_cast<std::size_t>(i) + 1));
      });
    }
    return Lead();
  }

  std::string Lead() {
    try {
      const Model::Outputs outputs = group_.Lead(Step(), Own(0), kForEver);
      for (std::size_t i = 0; i < ids_.size(); ++i) {
        EXPECT_EQ(outputs.pooled.row(static_cast<std::int64_t>(i))[1],
                  TestModel::Pooled({&ids_[i], 1}, 1));
      }
      return "";
    } catch (const std::exception& exception) {
      return exception.what();
    }
  }

  TestModel model_;
  LaneGroup group_{4};
  PageBuffer activations_{model_.ActivationBytes(kGroupLimits)};
  std::array<PageBuffer, 4> scratch_ = {
      PageBuffer(model_.ScratchBytes(kGroupLimits)), PageBuffer(model_.ScratchBytes(kGroupLimits)),
      PageBuffer(model_.ScratchBytes(kGroupLimits)), PageBuffer(model_.ScratchBytes(kGroupLimits))};
  std::vector<std::uint32_t> ids_ = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<std::uint32_t> zeros_ = std::vector<std::uint32_t>(8, 0);
  const std::vector<std::uint32_t> offsets_ = {0, 1, 2, 3, 4, 5, 6, 7, 8};
};

TEST_F(LaneGroupTest, HelpersShareTheStep) {
  std::mutex mutex;
  std::multiset<std::pair<int, int>> lanes;
  std::set<std::thread::id> threads;
  model_.on_lane = [&](const Lane& lane) {
    const std::lock_guard lock(mutex);
    lanes.insert({lane.index, lane.count});
    threads.insert(std::this_thread::get_id());
  };
  EXPECT_EQ(Run(3), "");
  EXPECT_EQ(group_.lanes(), 4);
  EXPECT_EQ(lanes, (std::multiset<std::pair<int, int>>{{0, 4}, {1, 4}, {2, 4}, {3, 4}}));
  EXPECT_EQ(threads.size(), 4U);
}

TEST_F(LaneGroupTest, ManyStepsOfChangingWidth) {
  for (int round = 0; round < 200; ++round) {
    ids_[0] = static_cast<std::uint32_t>(round % 100);
    ASSERT_EQ(Run(1 + round % 3), "");
    ASSERT_EQ(group_.lanes(), 2 + round % 3);
  }
}

TEST_F(LaneGroupTest, NobodyInvitedRunsAlone) {
  EXPECT_EQ(group_.Join(), 0);
  EXPECT_EQ(Lead(), "");
  EXPECT_EQ(group_.lanes(), 1);
}

TEST_F(LaneGroupTest, DoesNotWaitForThoseWhoDoNotCome) {
  ASSERT_TRUE(group_.Open(3));
  const Model::Outputs outputs = group_.Lead(Step(), Own(0), 0ns);
  EXPECT_EQ(outputs.pooled.rows, 8);
  EXPECT_EQ(group_.lanes(), 1);
  EXPECT_EQ(group_.Join(), 0);  // too late
}

TEST_F(LaneGroupTest, LetsInNoMoreThanInvited) {
  ASSERT_TRUE(group_.Open(1));
  EXPECT_EQ(group_.Join(), 1);
  EXPECT_EQ(group_.Join(), 0);
  std::jthread helper([this] { group_.Help(1, Own(1)); });
  EXPECT_EQ(Lead(), "");
}

TEST_F(LaneGroupTest, InvitesNoMoreThanItHasRoomFor) {
  ASSERT_TRUE(group_.Open(100));
  for (int seat = 1; seat <= 3; ++seat) EXPECT_EQ(group_.Join(), seat);
  EXPECT_EQ(group_.Join(), 0);
  std::vector<std::jthread> threads;
  for (std::size_t seat = 1; seat <= 3; ++seat) {
    threads.emplace_back([this, seat] { group_.Help(static_cast<int>(seat), Own(seat)); });
  }
  EXPECT_EQ(Lead(), "");
  EXPECT_FALSE(LaneGroup(1).Open(1));
}

TEST_F(LaneGroupTest, DismissSendsHelpersHome) {
  ASSERT_TRUE(group_.Open(2));
  ASSERT_EQ(group_.Join(), 1);
  std::jthread helper([this] { group_.Help(1, Own(1)); });
  group_.Dismiss();
  helper.join();
  EXPECT_EQ(group_.Join(), 0);
  EXPECT_EQ(model_.runs(), 0);
  EXPECT_EQ(Run(2), "");
}

// Wherever a lane fails, all leave the step and the next one works.
TEST_F(LaneGroupTest, AFailureOfAnyLaneAnywhereEndsTheStep) {
  for (const bool in_the_middle : {false, true}) {
    for (int bad = 0; bad < 4; ++bad) {
      const auto fail = [bad](const Lane& lane) {
        if (lane.index == bad) throw std::runtime_error("lane " + std::to_string(bad));
      };
      if (in_the_middle) {
        model_.on_middle = [&](const PackedBatch&, const Lane& lane) { fail(lane); };
      } else {
        model_.on_lane = fail;
      }
      EXPECT_EQ(Run(3), "lane " + std::to_string(bad));
      model_.on_lane = nullptr;
      model_.on_middle = nullptr;
      EXPECT_EQ(Run(3), "");
    }
  }
}

TEST_F(LaneGroupTest, AllLanesMayFailAtOnce) {
  model_.on_middle = [](const PackedBatch&, const Lane&) { throw std::runtime_error("all"); };
  for (int round = 0; round < 50; ++round) ASSERT_EQ(Run(3), "all");
}

// The model may fail after the last time that its lanes meet.
TEST_F(LaneGroupTest, AFailureAtTheVeryEndIsHeard) {
  class FailsLate final : public Model {
   public:
    std::int64_t output_size() const override { return 1; }
    std::size_t ActivationBytes(const StepLimits&) const override { return 64; }
    std::size_t ScratchBytes(const StepLimits&) const override { return 64; }
    Outputs Run(const PackedBatch&, Arena&, const Lane& lane) const override {
      lane.Sync();
      if (lane.index == 1) throw std::runtime_error("late");
      return {};
    }
  };
  const FailsLate model;
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(group_.Open(1));
    std::jthread helper([this] { group_.Help(group_.Join(), Own(1)); });
    EXPECT_THROW(
        group_.Lead({.model = model, .batch = Step().batch, .activations = activations_.bytes()},
                    Own(0), kForEver),
        std::runtime_error);
  }
}

TEST_F(LaneGroupTest, EveryLanePausesBetweenOperations) {
  struct Pause {
    std::atomic<int> times{0};
    void arrive_and_wait() { ++times; }
  };
  std::array<Pause, 2> pauses;
  ASSERT_TRUE(group_.Open(1));
  std::jthread helper([&] { group_.Help(group_.Join(), Own(1, &pauses[1])); });
  group_.Lead(Step(), Own(0, &pauses[0]), kForEver);
  helper.join();
  EXPECT_EQ(pauses[0].times, 2);
  EXPECT_EQ(pauses[1].times, 2);
  group_.Lead(Step(), Own(0, &pauses[0]), kForEver);
  EXPECT_EQ(pauses[0].times, 4);
}

}  // namespace
}  // namespace embd
