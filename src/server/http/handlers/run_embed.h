#pragma once

#include <cstddef>
#include <functional>

#include "api/embed.h"
#include "server/http/handler.h"

namespace embd::http {

// Makes the answer to a request for embeddings; runs on the connection's thread.
using EmbedReply =
    std::function<Response(const Result<EmbedResponse>& result, std::chrono::nanoseconds total)>;

// Embeds and answers with what `reply` makes of the result. `count` is how many inputs the body
// had; it may be more than `request` holds, and is then refused.
void RunEmbed(EmbedRequest request, std::size_t count, const Context& context,
              const Respond& respond, EmbedReply reply);

}  // namespace embd::http
