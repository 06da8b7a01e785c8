#include "server/http/handlers/embed.h"

#include <utility>

#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_write.h"

namespace embd::http {

bool ReadEmbed(BodyReader& reader, EmbedBody& body) {
  EmbedRequest& embed = body.embed;
  return reader.ReadStruct(
      "struct EmbedRequest",
      {{"inputs", [&] { return ReadInputs(reader, body.inputs); }, BodyReader::kRequired},
       {"truncate", [&] { return reader.ReadOptionalBool(embed.truncate); }, BodyReader::kOptional,
        kAboutTruncate},
       {"truncation_direction", [&] { return reader.ReadDirection(embed.truncation_side); },
        BodyReader::kOptional, kAboutDirection},
       {"prompt_name", [&] { return reader.ReadOptionalString(embed.prompt_name); },
        BodyReader::kOptional, kAboutPrompt},
       {"normalize", [&] { return reader.ReadBool(embed.normalize); }, BodyReader::kOptional,
        "Give vectors of length 1."},
       {"dimensions", [&] { return reader.ReadOptionalSize(embed.dimensions, /*least=*/1); },
        BodyReader::kOptional, kAboutDimensions}});
}

namespace {

void HandleEmbed(Request& request, const Context& context, const Respond& respond) {
  auto body = ReadBody<EmbedBody>(request, context, respond, ReadEmbed);
  if (!body) return;
  GiveInputs(body->inputs, body->embed);
  Run(&Service::Embed, std::move(body->embed), context, respond, ErrorStyle::kTei, WriteEmbeddings);
}

}  // namespace

const Operation kEmbed = {
    .handle = HandleEmbed,
    .span = "embed",
    .tag = "Embeddings",
    .summary = "Get a vector for each input",
    .work = Work::kModel,
    .body = Describe<ReadEmbed>,
    .example = R"({"inputs":"What is Deep Learning?"})",
    .answer = {"EmbedResponse",
               R"({"type":"array","description":"A vector for each input.","items":)"
               R"({"type":"array","items":{"$ref":"#/components/schemas/Float"}},)"
               R"("example":[[0.0,1.0,2.0]]})"},
};

}  // namespace embd::http
