#include <utility>
#include <variant>

#include "server/http/handlers/handlers.h"
#include "server/http/handlers/run_embed.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

Response Reply(const Result<EmbedResponse>& result, std::chrono::nanoseconds total) {
  if (!result) return ErrorReply(result.error(), total);
  return ComputedReply(WriteEmbeddings(*result), result->compute, total);
}

}  // namespace

void HandleEmbed(Request& request, const Context& context, const Respond& respond) {
  auto read = ReadEmbedRequest(request.body);
  if (auto* rejection = std::get_if<Rejection>(&read)) {
    return respond([rejected = std::move(*rejection)] { return RejectionReply(rejected); });
  }
  auto& body = std::get<EmbedBody>(read);
  request.body = std::string();  // from here on only the texts are needed
  RunEmbed(std::move(body.request), body.inputs, context, respond, Reply);
}

}  // namespace embd::http
