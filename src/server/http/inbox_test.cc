#include "server/http/inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace embd::http {
namespace {

namespace asio = boost::asio;

// Notes its arrival; the last one ends the loop.
class Letter final : public Inbox::Item {
 public:
  struct Office {
    explicit Office(std::size_t expected_in) : expected(expected_in), inbox(context) {}

    std::size_t expected;
    asio::io_context context{1};
    Inbox inbox;
    std::vector<std::pair<int, int>> arrived;  // sender, number
    std::vector<std::thread::id> threads;
  };

  Letter(Office& office, int sender, int number)
      : office_(office), sender_(sender), number_(number) {}

  void Arrive() override {
    office_.arrived.emplace_back(sender_, number_);
    office_.threads.push_back(std::this_thread::get_id());
    if (office_.arrived.size() == office_.expected) office_.inbox.Stop();
  }

 private:
  Office& office_;
  const int sender_;
  const int number_;
};

TEST(InboxTest, EverythingArrivesOnceInEachSendersOrder) {
  constexpr int kSenders = 4;
  constexpr int kLetters = 5000;
  Letter::Office office(kSenders * kLetters);
  std::vector<std::deque<Letter>> letters(kSenders);
  for (int sender = 0; sender < kSenders; ++sender) {
    for (int i = 0; i < kLetters; ++i) letters[sender].emplace_back(office, sender, i);
  }
  office.inbox.Start();
  std::thread loop([&office] { office.context.run(); });
  const std::thread::id loop_id = loop.get_id();
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&office, &own = letters[sender]] {
      for (Letter& letter : own) office.inbox.Push(letter);
    });
  }
  for (std::thread& sender : senders) sender.join();
  loop.join();

  ASSERT_EQ(office.arrived.size(), std::size_t{kSenders * kLetters});
  std::vector<int> next(kSenders, 0);
  for (const auto& [sender, number] : office.arrived) EXPECT_EQ(number, next[sender]++);
  for (const std::thread::id id : office.threads) EXPECT_EQ(id, loop_id);
}

TEST(InboxTest, WhatWasPushedBeforeTheLoopRunsArrives) {
  Letter::Office office(2);
  Letter first(office, 0, 0);
  Letter second(office, 0, 1);
  office.inbox.Push(first);
  office.inbox.Push(second);
  office.inbox.Start();
  office.context.run();
  EXPECT_EQ(office.arrived, (std::vector<std::pair<int, int>>{{0, 0}, {0, 1}}));
}

// An item that hands itself over again as it arrives, as an answer's next request may.
class Returning final : public Inbox::Item {
 public:
  Returning(Inbox& inbox, int times) : inbox_(inbox), left_(times) {}
  void Arrive() override {
    if (--left_ == 0) return inbox_.Stop();
    inbox_.Push(*this);
  }
  int left() const { return left_; }

 private:
  Inbox& inbox_;
  int left_;
};

TEST(InboxTest, AnItemMayBePushedAgainOnceItHasArrived) {
  asio::io_context context{1};
  Inbox inbox(context);
  Returning item(inbox, 1000);
  inbox.Push(item);
  inbox.Start();
  context.run();
  EXPECT_EQ(item.left(), 0);
}

// Tells its sender that it has arrived.
class Echo final : public Inbox::Item {
 public:
  explicit Echo(Inbox& inbox) : inbox_(inbox) {}
  void Arrive() override {
    const int now = arrived_.load(std::memory_order_relaxed) + 1;
    if (now % 3 != 0) inbox_.LookBeforeWaiting();
    arrived_.store(now, std::memory_order_release);
  }
  int arrived() const { return arrived_.load(std::memory_order_acquire); }

 private:
  Inbox& inbox_;
  std::atomic<int> arrived_{0};
};

// The sender hands over the next one just when the thread is about to wait. A wake that is lost
// would leave both waiting for ever.
TEST(InboxTest, NoWakeIsLost) {
  constexpr int kRounds = 20'000;
  asio::io_context context{1};
  Inbox inbox(context);
  inbox.Start();
  std::thread loop([&context] { context.run(); });
  Echo echo(inbox);
  for (int i = 0; i < kRounds; ++i) {
    inbox.Push(echo);
    while (echo.arrived() == i) std::this_thread::yield();
  }
  asio::post(context, [&inbox] { inbox.Stop(); });
  loop.join();
  EXPECT_EQ(echo.arrived(), kRounds);
}

}  // namespace
}  // namespace embd::http
