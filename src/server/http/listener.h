#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/http/warm_up.h"

namespace embd::http {

struct TcpAddress {
  std::string address;     // an IPv4 or IPv6 literal
  std::uint16_t port = 0;  // 0 lets the kernel choose
};

// A socket file. One that a dead server left behind is replaced; one that somebody answers at, and
// a file that is no socket, are not.
struct UnixAddress {
  std::string path;
  unsigned mode = 0660;  // who may write to the file may connect
};

// An open door. It cannot be made before the server is warm.
class Listener {
 public:
  // Binds, listens (backlog 1024) and accepts in the server's threads. Throws LoadError when the
  // address cannot be bound. A socket file appears under its name when connections are taken.
  Listener(const Warmed& warmed, const TcpAddress& address);
  Listener(const Warmed& warmed, const UnixAddress& address);
  // Stops accepting; connections in the backlog that were already accepted by the kernel are
  // served. The socket file is removed unless it is another's by now. Must end before the server.
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Of a TCP listener.
  std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd::http
