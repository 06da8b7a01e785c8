#include <fmt/format.h>
#include <sys/resource.h>

#include "app/app.h"
#include "app/commands/commands.h"
#include "app/version.h"
#include "base/log.h"

namespace embd {
namespace {

// As many connections as the system lets this process have; the usual soft limit is 1024.
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int Serve(const Options& options, Signals& signals, StartupClock& clock) {
  Log log({.level = options.log_level,
           .json = options.json_output,
           .color = options.log_color,
           .spans = !options.disable_spans});
  log.Info(fmt::format("embd {}: {}", kVersion, options.given));
  for (const std::string& warning : options.warnings) log.Warn(warning);
  RaiseFileLimit();
  App app(options, log, clock);
  signals.Ready();
  app.Listen();
  log.Info("Ready");
  signals.Wait();
  log.Info("signal received, starting graceful shutdown");
  app.Drain();
  return 0;
}

}  // namespace embd
