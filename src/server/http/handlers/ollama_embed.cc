#include <optional>
#include <string>
#include <utility>

#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

struct OllamaEmbedBody {
  InputList input;
  EmbedRequest embed;  // without the inputs
};

// `model` is checked for its type and otherwise of no consequence: the server has one model.
bool ReadOllamaEmbedMembers(BodyReader& reader, OllamaEmbedBody& body) {
  std::optional<std::string> ignored;
  return reader.ReadStruct(
      "struct OllamaEmbedRequest",
      {{"input", [&] { return ReadInputs(reader, body.input); }, BodyReader::kRequired},
       {"model", [&] { return reader.ReadOptionalString(ignored); }},
       {"truncate", [&] { return reader.ReadOptionalBool(body.embed.truncate); },
        BodyReader::kOptional, kAboutTruncate},
       {"dimensions", [&] { return reader.ReadOptionalSize(body.embed.dimensions, /*least=*/1); },
        BodyReader::kOptional, kAboutDimensions}});
}

std::string Write(const EmbedResponse& response, std::string_view model) {
  std::string json = R"({"model":)";
  AppendString(json, model);
  json += R"(,"embeddings":)" + WriteEmbeddings(response);
  return json + R"(,"prompt_eval_count":)" + std::to_string(response.compute.tokens) + "}";
}

void HandleOllamaEmbed(Request& request, const Context& context, const Respond& respond) {
  std::optional<OllamaEmbedBody> body =
      ReadBody<OllamaEmbedBody>(request, context, respond, ReadOllamaEmbedMembers);
  if (!body) return;
  GiveInputs(body->input, body->embed);
  Run(&Service::Embed, std::move(body->embed), context, respond, ErrorStyle::kTei,
      [&model = context.service.info().served_model_name](const EmbedResponse& response) {
        return Write(response, model);
      });
}

}  // namespace

const Operation kOllamaEmbed = {
    .handle = HandleOllamaEmbed,
    .span = "ollama_embed",
    .tag = "Ollama",
    .summary = "Get a vector for each input, as Ollama's clients ask for it",
    .work = Work::kModel,
    .body = Describe<ReadOllamaEmbedMembers>,
    .example = R"({"input":"What is Deep Learning?"})",
    .answer = {"OllamaEmbedResponse",
               R"({"type":"object","required":["model","embeddings","prompt_eval_count"],)"
               R"("additionalProperties":false,"properties":{"model":{"type":"string"},)"
               R"("embeddings":{"type":"array","items":)"
               R"({"type":"array","items":{"$ref":"#/components/schemas/Float"}}},)"
               R"("prompt_eval_count":{"type":"integer","minimum":0}}})"},
};

}  // namespace embd::http
