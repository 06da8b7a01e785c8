#include <optional>

#include "server/http/handlers/embed_tokens.h"
#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

bool ReadEmbedSparseMembers(BodyReader& reader, EmbedTokensBody& body) {
  return ReadEmbedTokens(reader, "struct EmbedSparseRequest", body);
}

void HandleEmbedSparse(Request& request, const Context& context, const Respond& respond) {
  auto body = ReadBody<EmbedTokensBody>(request, context, respond, ReadEmbedSparseMembers);
  if (!body) return;
  Run(&Service::EmbedSparse, TakeRequest(*body), context, respond, ErrorStyle::kTei,
      WriteSparseEmbeddings);
}

}  // namespace

const Operation kEmbedSparse = {
    .handle = HandleEmbedSparse,
    .span = "embed_sparse",
    .tag = "Embeddings",
    .summary = "Get a sparse vector over the vocabulary for each input (SPLADE models)",
    .work = Work::kModel,
    .body = Describe<ReadEmbedSparseMembers>,
    .example = R"({"inputs":"What is Deep Learning?"})",
    .answer = {"EmbedSparseResponse",
               R"({"type":"array","description":"For each input what is not 0, by index.",)"
               R"("items":{"type":"array","items":{"type":"object","required":["index","value"],)"
               R"("additionalProperties":false,"properties":{)"
               R"("index":{"type":"integer","minimum":0},)"
               R"("value":{"$ref":"#/components/schemas/Float"}}}},)"
               R"("example":[[{"index":2784,"value":1.5}]]})"},
};

}  // namespace embd::http
