#include "server/http/coroutine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <string>
#include <vector>

namespace embd::http {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class TurnsTest : public ::testing::Test {
 protected:
  Awaitable<void> TakeTurn(std::string name, Event& wake) {
    const bool mine = co_await turns_.Wait(wake, [this, &wake] { return &wake == ended_; });
    if (mine) {
      const Turns::Turn turn(turns_);
      told_.push_back(name);
      // What becomes ready while someone has a turn comes before the next one.
      asio::post(context_, [this, name] { told_.push_back("after " + name); });
    } else {
      told_.push_back(name + " left");
    }
  }

  void Spawn(const std::string& name, Event& wake) {
    asio::co_spawn(context_, TakeTurn(name, wake), asio::detached);
  }

  asio::io_context context_{1};
  Turns turns_{context_.get_executor()};
  Event* ended_ = nullptr;
  std::vector<std::string> told_;
};

TEST_F(TurnsTest, ComeInOrderWithEverythingElseInBetween) {
  std::array<Event, 3> wakes;
  // All are ready at once.
  for (std::size_t i = 0; i < wakes.size(); ++i) Spawn(std::to_string(i), wakes[i]);
  context_.run();
  EXPECT_THAT(told_, ElementsAre("0", "after 0", "1", "after 1", "2", "after 2"));
}

TEST_F(TurnsTest, ArePassedOnByWhoHasLeft) {
  std::array<Event, 4> wakes;
  for (std::size_t i = 0; i < wakes.size(); ++i) Spawn(std::to_string(i), wakes[i]);
  // The third leaves while it waits.
  asio::post(context_, [&] {
    ended_ = &wakes[2];
    wakes[2].Set();
  });
  context_.run();
  EXPECT_THAT(told_,
              UnorderedElementsAre("0", "after 0", "1", "after 1", "2 left", "3", "after 3"));
  // The turn can be taken again.
  told_.clear();
  context_.restart();
  Spawn("again", wakes[0]);
  context_.run();
  EXPECT_THAT(told_, ElementsAre("again", "after again"));
}

}  // namespace
}  // namespace embd::http
