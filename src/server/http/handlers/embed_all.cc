#include <optional>

#include "server/http/handlers/embed_tokens.h"
#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

bool ReadEmbedAllMembers(BodyReader& reader, EmbedTokensBody& body) {
  return ReadEmbedTokens(reader, "struct EmbedAllRequest", body);
}

void HandleEmbedAll(Request& request, const Context& context, const Respond& respond) {
  auto body = ReadBody<EmbedTokensBody>(request, context, respond, ReadEmbedAllMembers);
  if (!body) return;
  Run(&Service::EmbedTokens, TakeRequest(*body), context, respond, ErrorStyle::kTei,
      WriteTokenEmbeddings);
}

}  // namespace

const Operation kEmbedAll = {
    .handle = HandleEmbedAll,
    .span = "embed_all",
    .tag = "Embeddings",
    .summary = "Get a vector for each token of each input",
    .work = Work::kModel,
    .body = Describe<ReadEmbedAllMembers>,
    .example = R"({"inputs":"What is Deep Learning?"})",
    .answer = {"EmbedAllResponse",
               R"({"type":"array","description":"For each input a vector for each token.",)"
               R"("items":{"type":"array","items":)"
               R"({"type":"array","items":{"$ref":"#/components/schemas/Float"}}},)"
               R"("example":[[[0.0,1.0,2.0]]]})"},
};

}  // namespace embd::http
