#include "server/http/handlers/handlers.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"

namespace embd::http {

void HandleInfo(Request& /*request*/, const Context& context, const Respond& respond) {
  respond([&service = context.service] { return JsonReply(WriteInfo(service.info())); });
}

}  // namespace embd::http
