#include "app/signals.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX, not <csignal>
#include <unistd.h>

#include "base/system.h"

namespace embd {
namespace {

// Sent by the destructor to its own thread.
int EndSignal() { return SIGRTMIN; }

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, EndSignal());
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = HandledSignals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A parent may have left them ignored, as shells do with background jobs.
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  // One that was sent to this very thread before exec waits for it alone.
  const timespec now{};
  if (::sigtimedwait(&set, nullptr, &now) > 0) ::_exit(0);
  thread_ = std::thread([this] { HandleSignals(); });
}

Signals::~Signals() {
  ::pthread_kill(thread_.native_handle(), EndSignal());
  thread_.join();
}

void Signals::Ready() {
  Phase phase = Phase::kStarting;
  if (phase_.compare_exchange_strong(phase, Phase::kReady)) return;
  while (true) ::pause();  // the signals' thread is ending the process
}

void Signals::Wait() { stop_.acquire(); }

void Signals::LeaveToSystem() {
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  // A thread that does not block a signal gets it before one that waits for it.
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Signals::HandleSignals() {
  SetThreadName("embd-signals");
  const sigset_t set = HandledSignals();
  while (true) {
    int number = 0;
    if (::sigwait(&set, &number) != 0) continue;
    if (number == EndSignal()) return;
    switch (phase_.exchange(Phase::kStopping)) {
      case Phase::kStarting:
        ::_exit(0);
      case Phase::kReady:
        stop_.release();
        break;
      case Phase::kStopping:
        ::_exit(128 + number);
    }
  }
}

}  // namespace embd
