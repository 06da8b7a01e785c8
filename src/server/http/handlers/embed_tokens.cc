#include "server/http/handlers/embed_tokens.h"

#include <utility>

namespace embd::http {

bool ReadEmbedTokens(BodyReader& reader, std::string_view type, EmbedTokensBody& body) {
  EmbedTokensRequest& embed = body.embed;
  return reader.ReadStruct(
      type, {{"inputs", [&] { return ReadInputs(reader, body.inputs); }, BodyReader::kRequired},
             {"truncate", [&] { return reader.ReadOptionalBool(embed.truncate); },
              BodyReader::kOptional, kAboutTruncate},
             {"truncation_direction", [&] { return reader.ReadDirection(embed.truncation_side); },
              BodyReader::kOptional, kAboutDirection},
             {"prompt_name", [&] { return reader.ReadOptionalString(embed.prompt_name); },
              BodyReader::kOptional, kAboutPrompt}});
}

EmbedTokensRequest TakeRequest(EmbedTokensBody& body) {
  GiveInputs(body.inputs, body.embed);
  return std::move(body.embed);
}

}  // namespace embd::http
