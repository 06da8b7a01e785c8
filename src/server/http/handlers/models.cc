#include <string>

#include "server/http/handlers/handlers.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

void HandleModels(Request& /*request*/, const Context& context, const Respond& respond) {
  respond([&info = context.service.info()] {
    std::string json = R"({"object":"list","data":[{"id":)";
    AppendString(json, info.served_model_name);
    json += R"(,"object":"model","created":)" + std::to_string(info.started_at);
    json += R"(,"owned_by":"embd"}]})";
    return JsonReply(std::move(json));
  });
}

}  // namespace

const Operation kModels = {
    .handle = HandleModels,
    .span = "models",
    .tag = "OpenAI",
    .summary = "List the model, as OpenAI's clients ask for it",
    .answer = {"Models",
               R"({"type":"object","required":["object","data"],"additionalProperties":false,)"
               R"("properties":{"object":{"type":"string","enum":["list"]},"data":)"
               R"({"type":"array","items":{"type":"object",)"
               R"("required":["id","object","created","owned_by"],"additionalProperties":false,)"
               R"("properties":{"id":{"type":"string"},"object":{"type":"string"},)"
               R"("created":{"type":"integer"},"owned_by":{"type":"string"}}}}}})"},
};

}  // namespace embd::http
