#include "server/http/handlers/handlers.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

// Reads what the engine last did; waits for nothing.
void HandleHealth(Request& /*request*/, const Context& context, const Respond& respond) {
  const bool healthy = context.service.Health().healthy;
  respond([healthy, start = context.start] {
    if (healthy) return EmptyReply(200);
    return ErrorReply({.kind = ErrorKind::kUnhealthy, .message = "unhealthy"},
                      std::chrono::steady_clock::now() - start);
  });
}

}  // namespace

const Operation kHealth = {
    .handle = HandleHealth,
    .span = "health",
    .tag = "Server",
    .summary = "Tell whether the server can answer",
    .errors_when_unwell = true,
};

}  // namespace embd::http
