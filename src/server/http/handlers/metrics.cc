#include "telemetry/metrics.h"

#include "server/http/handlers/handlers.h"
#include "server/http/replies.h"

namespace embd::http {

void HandleMetrics(Request& /*request*/, const Context& context, const Respond& respond) {
  respond([&service = context.service] { return TextReply(200, Render(service.metrics())); });
}

}  // namespace embd::http
