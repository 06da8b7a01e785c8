#include "telemetry/metrics.h"

#include "server/http/handlers/handlers.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

void HandleMetrics(Request& /*request*/, const Context& context, const Respond& respond) {
  respond([&service = context.service] { return TextReply(200, Render(service.metrics())); });
}

}  // namespace

const Operation kMetrics = {
    .handle = HandleMetrics,
    .span = "metrics",
    .tag = "Server",
    .summary = "Get the metrics, in the text format of Prometheus",
    .answer = {"Metrics", R"({"type":"string"})"},
    .answer_type = kTextType,
};

}  // namespace embd::http
