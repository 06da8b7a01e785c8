#include "app/signals.h"

#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX, not <csignal>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

namespace embd {
namespace {

// Each body runs in a process of its own; `alarm` ends it if a signal gets lost.
class SignalsDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void SleepForEver() {
  while (true) ::pause();
}

TEST_F(SignalsDeathTest, BeforeReadyTheProcessEndsWithSuccess) {
  for (const int number : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(
        {
          ::alarm(20);
          const Signals signals;
          ::kill(::getpid(), number);
          SleepForEver();
        },
        ::testing::ExitedWithCode(0), "");
  }
}

TEST_F(SignalsDeathTest, AlsoWhileTheMainThreadIsBusy) {
  EXPECT_EXIT(
      {
        ::alarm(20);
        const Signals signals;
        ::kill(::getpid(), SIGTERM);
        for (std::atomic<int> turns{0};; ++turns) {
        }
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(SignalsDeathTest, AlsoOneThatWaitedForTheFirstThread) {
  EXPECT_EXIT(
      {
        ::alarm(20);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
        // Blocked here, so it ends nothing.
        ::pthread_kill(::pthread_self(), SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
        const Signals signals;
        SleepForEver();
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(SignalsDeathTest, AfterReadyTheFirstSignalWakesWait) {
  EXPECT_EXIT(
      {
        ::alarm(20);
        {
          Signals signals;
          signals.Ready();
          ::kill(::getpid(), SIGTERM);
          signals.Wait();
        }
        ::_exit(42);
      },
      ::testing::ExitedWithCode(42), "");
}

TEST_F(SignalsDeathTest, TheSecondSignalEndsAtOnce) {
  EXPECT_EXIT(
      {
        ::alarm(20);
        Signals signals;
        signals.Ready();
        ::kill(::getpid(), SIGTERM);
        signals.Wait();
        ::kill(::getpid(), SIGINT);
        SleepForEver();
      },
      ::testing::ExitedWithCode(128 + SIGINT), "");
}

TEST_F(SignalsDeathTest, ABrokenPipeIsNoSignal) {
  EXPECT_EXIT(
      {
        ::alarm(20);
        const Signals signals;
        int sockets[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) ::_exit(1);
        ::close(sockets[1]);
        ::_exit(::write(sockets[0], "x", 1) == -1 ? 43 : 1);
      },
      ::testing::ExitedWithCode(43), "");
}

TEST(Signals, EndsWithoutASignal) { const Signals signals; }

}  // namespace
}  // namespace embd
