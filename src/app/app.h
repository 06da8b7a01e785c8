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

// The server. Its members stand in start-up order and its doors are the last of them: an App that
// exists has loaded and warmed up, and only such a one can listen.
class App {
 public:
  // `options` and `log` outlive the App. Throws LoadError or MemoryError.
  App(const Options& options, Log& log, StartupClock& clock);

  // Opens the doors: the socket file, if there is to be one, then the port. A step of its own, so
  // that signals already mean "finish what was accepted" when the first client can be there. Once.
  // Throws LoadError; the App can then only be destroyed.
  void Listen();
  // Closes the doors, answers what was accepted, and returns.
  void Drain();

 private:
  // The last steps before the doors open, which need the whole start: the rest of the planned
  // memory is taken, metrics and log lines are written.
  void Announce(Log& log, StartupClock& clock);

  const Options& options_;
  Core core_;
  http::HttpServer server_;
  const http::Warmed warmed_;
  std::optional<http::Listener> unix_listener_;
  std::optional<http::Listener> listener_;
};

}  // namespace embd
