#include "server/http/handlers/handlers.h"
#include "server/http/replies.h"

namespace embd::http {

// Reads what the engine last did; waits for nothing.
void HandleHealth(Request& /*request*/, const Context& context, const Respond& respond) {
  const bool healthy = context.service.Health().healthy;
  respond([healthy, start = context.start] {
    if (healthy) return EmptyReply(200);
    return ErrorReply({.kind = ErrorKind::kUnhealthy, .message = "unhealthy"},
                      std::chrono::steady_clock::now() - start);
  });
}

}  // namespace embd::http
