#include "server/http/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace embd::http {
namespace {

asio::generic::stream_protocol ProtocolOf(int socket) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return {family, 0};
}

}  // namespace

bool Stream::HasArrived() {
  char byte = 0;
  if (holds_input()) return true;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void Stream::EndSending() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

Stream::Moved PlainStream::Receive(char* to, std::size_t size) {
  while (true) {
    const ssize_t got = ::recv(socket().native_handle(), to, size, MSG_DONTWAIT);
    if (got > 0) return {Status::kDone, static_cast<std::size_t>(got)};
    if (got == 0) return {Status::kEnd};
    if (errno == EAGAIN) return {Status::kWantsRead};
    if (errno != EINTR) return {Status::kBroken};
  }
}

Stream::Moved PlainStream::Send(std::string_view first, std::string_view second) {
  // iovec has no const form; nothing is written through it.
  // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast)
  std::array<iovec, 2> parts = {{{const_cast<char*>(first.data()), first.size()},
                                 {const_cast<char*>(second.data()), second.size()}}};
  // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  while (true) {
    const ssize_t sent = ::sendmsg(socket().native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) return {Status::kDone, static_cast<std::size_t>(sent)};
    if (sent == 0 || errno == EAGAIN) return {Status::kWantsWrite};
    if (errno != EINTR) return {Status::kBroken};
  }
}

Socket TakeSocket(IoThread& thread, int descriptor) {
  Socket socket(thread.context().get_executor());
  socket.assign(ProtocolOf(descriptor), descriptor);
  return socket;
}

}  // namespace embd::http
