#include "server/http/handlers/run_embed.h"

#include <utility>

#include "api/validation.h"

namespace embd::http {

void RunEmbed(EmbedRequest request, std::size_t count, const Context& context,
              const Respond& respond, EmbedReply reply) {
  const auto done = [respond, start = context.start,
                     reply = std::move(reply)](Result<EmbedResponse> result) {
    respond([result = std::move(result), start, reply] {
      return reply(result, std::chrono::steady_clock::now() - start);
    });
  };
  if (count > request.inputs.size()) {
    // Not all were kept, so that the service could not tell their number.
    Result<void> checked = CheckBatchSize(count, context.service.info());
    if (!checked) {
      context.service.CountRefusal(true, checked.error(), FailedAt::kBatchSize);
      return done(std::move(checked).error());
    }
  }
  context.service.Embed(std::move(request), context.cancellation, done);
}

}  // namespace embd::http
