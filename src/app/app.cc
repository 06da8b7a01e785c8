#include "app/app.h"

#include <fmt/format.h>

#include "app/heap.h"
#include "app/memory_parts.h"

namespace embd {
namespace {

using std::chrono::milliseconds;

// For texts of growing length, beyond what is always run. Long ones need no rehearsal: their memory
// is there and their code has run, and with a budget of half a second the first long text was as
// fast as with this.
constexpr milliseconds kWarmUpBudget{40};
// Nobody is cut off: a stalled client ends by its own timeout long before.
constexpr std::chrono::hours kDrainTime{1};

http::Warmed LoggedWarmUp(http::HttpServer& server, const ServerInfo& info, Log& log) {
  log.Info("Warming up model");
  return http::WarmUp(server, info, kWarmUpBudget);
}

http::HttpServerOptions ServerOptions(Core& core) {
  http::HttpServerOptions options = core.sizing().http;
  options.max_connections = ConnectionsThatFit(core.plan(), options);
  options.open_connections = &core.metrics().connections;
  return options;
}

std::string PhaseLine(const StartupClock& clock) {
  std::string line = "Start-up:";
  for (const PhaseGauge& phase : clock.phases()) {
    line += fmt::format("{} {} {:.1f} ms", line.back() == ':' ? "" : ",", phase.phase,
                        phase.seconds * 1e3);
  }
  return line;
}

std::string TcpText(const Options& options) {
  const bool v6 = options.hostname.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", options.hostname, options.port)
            : fmt::format("{}:{}", options.hostname, options.port);
}

std::string DoorsText(const Options& options) {
  std::string text = options.no_tcp ? "" : TcpText(options);
  if (!options.listen_uds) return text;
  return text + (text.empty() ? "unix:" : ", unix:") + *options.listen_uds;
}

}  // namespace

App::App(const Options& options, Log& log, StartupClock& clock)
    : options_(options),
      core_(options, log, clock),
      server_(core_.service(), log, ServerOptions(core_)),
      warmed_(
          clock.Time("warm_up", [&] { return LoggedWarmUp(server_, core_.sizing().info, log); })) {
  Announce(log, clock);
}

void App::Announce(Log& log, StartupClock& clock) {
  const std::chrono::milliseconds stall_after = core_.scheduler().DeriveStallAfter();
  log.Debug(
      fmt::format("A step that takes longer than {} ms counts as stalled", stall_after.count()));
  clock.Time("reserve", [&] { ReserveHeap(core_.plan().total()); });
  clock.Note("total", clock.elapsed());
  Metrics& metrics = core_.metrics();
  metrics.ForgetRequests();
  metrics.startup_phases = clock.phases();
  log.Info(PhaseLine(clock));
  log.Info("Starting HTTP server: " + DoorsText(options_));
}

void App::Listen() {
  if (options_.listen_uds) {
    unix_listener_.emplace(warmed_, http::UnixAddress{*options_.listen_uds, options_.uds_mode});
  }
  if (!options_.no_tcp) {
    listener_.emplace(warmed_, http::TcpAddress{options_.hostname, options_.port});
  }
}

void App::Drain() {
  listener_.reset();
  unix_listener_.reset();
  server_.Drain(std::chrono::steady_clock::now() + kDrainTime);
}

}  // namespace embd
