#include <string>

#include "server/http/handlers/handlers.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"

namespace embd::http {

void HandleModels(Request& /*request*/, const Context& context, const Respond& respond) {
  respond([&info = context.service.info()] {
    std::string json = R"({"object":"list","data":[{"id":)";
    AppendString(json, info.served_model_name);
    json += R"(,"object":"model","created":)" + std::to_string(info.started_at);
    json += R"(,"owned_by":"embd"}]})";
    return JsonReply(std::move(json));
  });
}

}  // namespace embd::http
