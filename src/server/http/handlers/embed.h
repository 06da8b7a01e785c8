#pragma once

#include "api/embed.h"
#include "server/http/json_read.h"

namespace embd::http {

// The body of POST /embed.
struct EmbedBody {
  InputList inputs;
  EmbedRequest embed;  // without the inputs
};

// Goes through its members.
bool ReadEmbed(BodyReader& reader, EmbedBody& body);

}  // namespace embd::http
