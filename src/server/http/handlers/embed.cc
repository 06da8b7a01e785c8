#include <utility>
#include <variant>

#include "api/validation.h"
#include "server/http/handlers/handlers.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

using std::chrono::steady_clock;

Response Reply(const Result<EmbedResponse>& result, steady_clock::time_point start) {
  if (!result) return ErrorReply(result.error(), steady_clock::now() - start);
  std::string json = WriteEmbeddings(*result);
  return ComputedReply(std::move(json), result->compute, steady_clock::now() - start);
}

}  // namespace

void HandleEmbed(Request& request, const Context& context, const Respond& respond) {
  auto read = ReadEmbedRequest(request.body);
  if (auto* rejection = std::get_if<Rejection>(&read)) {
    return respond([rejected = std::move(*rejection)] { return RejectionReply(rejected); });
  }
  auto& body = std::get<EmbedBody>(read);
  request.body = std::string();  // from here on only the texts are needed
  const auto done = [respond, start = context.start](Result<EmbedResponse> result) {
    respond([result = std::move(result), start] { return Reply(result, start); });
  };
  if (body.inputs > body.request.inputs.size()) {
    // Not all were kept, so that the service could not tell their number.
    Result<void> checked = CheckBatchSize(body.inputs, context.service.info());
    if (!checked) return done(std::move(checked).error());
  }
  context.service.Embed(std::move(body.request), context.cancellation, done);
}

}  // namespace embd::http
