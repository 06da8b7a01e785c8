#pragma once

#include "server/http/handler.h"

namespace embd::http {

// One function for each route; which path leads to which stands in routes.cc.
void HandleEmbed(Request& request, const Context& context, const Respond& respond);
void HandleOpenAiEmbed(Request& request, const Context& context, const Respond& respond);
void HandleSimilarity(Request& request, const Context& context, const Respond& respond);
void HandleModels(Request& request, const Context& context, const Respond& respond);
void HandleHealth(Request& request, const Context& context, const Respond& respond);
void HandleInfo(Request& request, const Context& context, const Respond& respond);
void HandleMetrics(Request& request, const Context& context, const Respond& respond);

}  // namespace embd::http
