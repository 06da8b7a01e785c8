#include "server/http/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

namespace embd::http {
namespace {

int MakeEvent() {
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) {
    throw boost::system::system_error(errno, boost::system::system_category(), "eventfd");
  }
  return event;
}

}  // namespace

Inbox::Inbox(boost::asio::io_context& context) : event_(context.get_executor(), MakeEvent()) {}

// Either the sender sees that the thread looks again, or the thread, which stops doing so before it
// looks for the last time, sees the item: these accesses have one order (seq_cst).
void Inbox::Push(Item& item) noexcept {
  Item* before = newest_.load(std::memory_order_relaxed);
  do {
    item.next_ = before;
  } while (!newest_.compare_exchange_weak(before, &item, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
  // Whoever pushed the one before has seen to it that the thread comes.
  if (before != nullptr || looks_again_.load(std::memory_order_seq_cst)) return;
  // Fails only at a count of 2^64 - 2, which is never reached.
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event_.native_handle(), &one, sizeof(one));
}

void Inbox::Start() {
  Receive();
  LookBeforeWaiting();
}

void Inbox::Stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  event_.cancel(ignored);
}

void Inbox::Receive() {
  event_.async_read_some(boost::asio::buffer(&count_, sizeof(count_)),
                         [this](const boost::system::error_code& ec, std::size_t /*read*/) {
                           if (ec) return;
                           if (Deliver()) LookBeforeWaiting();
                           if (!stopped_) Receive();
                         });
}

void Inbox::LookBeforeWaiting() {
  if (looks_again_.load(std::memory_order_relaxed)) return;
  looks_again_.store(true, std::memory_order_seq_cst);
  boost::asio::post(event_.get_executor(), [this] { LookAgain(); });
}

// Runs after everything that the loop had to do when it was asked for.
void Inbox::LookAgain() {
  looks_again_.store(false, std::memory_order_seq_cst);
  if (Deliver()) LookBeforeWaiting();
}

bool Inbox::Deliver() {
  if (newest_.load(std::memory_order_seq_cst) == nullptr) return false;
  Item* oldest = nullptr;
  Item* item = newest_.exchange(nullptr, std::memory_order_acquire);
  while (item != nullptr) {
    Item* const next = std::exchange(item->next_, oldest);
    oldest = std::exchange(item, next);
  }
  while (oldest != nullptr) {
    Item* const arrived = std::exchange(oldest, oldest->next_);
    arrived->Arrive();
  }
  return true;
}

}  // namespace embd::http
