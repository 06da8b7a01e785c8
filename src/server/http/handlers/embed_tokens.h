#pragma once

#include "server/http/handlers/run.h"
#include "server/http/json_read.h"

namespace embd::http {

// The body of /embed_all and /embed_sparse.
struct EmbedTokensBody {
  InputList inputs;
  EmbedTokensRequest embed;
};

// Goes through its members; `type` is what serde calls it.
bool ReadEmbedTokens(BodyReader& reader, std::string_view type, EmbedTokensBody& body);

// What the service is asked for; moves the inputs out of the body.
EmbedTokensRequest TakeRequest(EmbedTokensBody& body);

}  // namespace embd::http
