#include "server/http/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
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

void Inbox::Push(Item& item) noexcept {
  Item* before = newest_.load(std::memory_order_relaxed);
  do {
    item.next_ = before;
  } while (!newest_.compare_exchange_weak(before, &item, std::memory_order_release,
                                          std::memory_order_relaxed));
  if (before != nullptr) return;  // whoever pushed that one wakes the thread
  // Fails only at a count of 2^64 - 2, which is never reached.
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event_.native_handle(), &one, sizeof(one));
}

void Inbox::Start() {
  event_.async_read_some(boost::asio::buffer(&count_, sizeof(count_)),
                         [this](const boost::system::error_code& ec, std::size_t /*read*/) {
                           if (ec) return;
                           Deliver();
                           if (!stopped_) Start();
                         });
}

void Inbox::Stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  event_.cancel(ignored);
}

void Inbox::Deliver() {
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
}

}  // namespace embd::http
