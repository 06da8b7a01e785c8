#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "app/core.h"
#include "app/options.h"
#include "app/startup_clock.h"
#include "base/log.h"
#include "server/http/http_server.h"
#include "server/http/listener.h"
#include "server/http/warm_up.h"

namespace embd {

// The server. Its members stand in start-up order and the port is the last of them: an App that
// exists has loaded, warmed up and listens; one that fails on the way never did.
class App {
 public:
  // Throws LoadError or MemoryError.
  App(const Options& options, Log& log, StartupClock& clock);

  // Closes the doors, answers what was accepted, and returns.
  void Drain();

 private:
  // The last steps before the port opens, which need the whole start: the rest of the planned
  // memory is taken, metrics and log lines are written.
  const http::Warmed& Announce(const Options& options, Log& log, StartupClock& clock);

  Core core_;
  http::HttpServer server_;
  const http::Warmed warmed_;
  std::optional<http::Listener> unix_listener_;
  std::optional<http::Listener> listener_;
};

}  // namespace embd
