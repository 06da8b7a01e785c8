#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/http/warm_up.h"

namespace embd::http {

// The open port. It cannot be made before the server is warm.
class Listener {
 public:
  // Binds, listens (backlog 1024) and accepts in the server's threads. Throws LoadError when the
  // address cannot be bound. `address` is an IPv4 or IPv6 literal; port 0 lets the kernel choose.
  Listener(const Warmed& warmed, const std::string& address, std::uint16_t port);
  // Stops accepting; connections in the backlog that were already accepted by the kernel are
  // served. Must end before the server does.
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd::http
