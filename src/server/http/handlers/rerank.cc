#include "server/http/handlers/rerank.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_write.h"

namespace embd::http {

// `model` is checked for its type and otherwise of no consequence: the server has one model. Beside
// `texts` the members of other interfaces are as unknown as they are to TEI.
bool ReadRerank(BodyReader& reader, RerankBody& body) {
  RerankRequest& rerank = body.rerank;
  std::optional<std::string> ignored;
  return reader.ReadStruct(
      "struct RerankRequest",
      {{"query", [&] { return reader.ReadString(rerank.query); }, BodyReader::kRequired},
       {"texts", [&] { return ReadTexts(reader, body.texts); }, BodyReader::kOneOf,
        "The answer is then a list of all of them, the best first."},
       {"documents", [&] { return ReadDocuments(reader, body.documents); }, BodyReader::kOneOf,
        "Instead of texts: the answer is then an object, as Jina's and Cohere's clients read it."},
       {"truncate", [&] { return reader.ReadOptionalBool(rerank.truncate); }, BodyReader::kOptional,
        kAboutTruncate},
       {"truncation_direction", [&] { return reader.ReadDirection(rerank.truncation_side); },
        BodyReader::kOptional, kAboutDirection},
       {"raw_scores", [&] { return reader.ReadBool(rerank.raw_scores); }, BodyReader::kOptional,
        kAboutRawScores},
       {"return_text", [&] { return reader.ReadBool(body.return_text); }, BodyReader::kOptional,
        "With texts: repeat each in the answer."},
       {"model", [&] { return reader.ReadOptionalString(ignored); }, BodyReader::kOptional,
        "With documents: whatever, since there is one model.", "documents"},
       {"top_n", [&] { return reader.ReadOptionalSize(body.top_n, /*least=*/1); },
        BodyReader::kOptional, "With documents: how many of the best to give. Default: all.",
        "documents"},
       {"return_documents", [&] { return reader.ReadOptionalBool(body.return_documents); },
        BodyReader::kOptional, "With documents: repeat each in the answer. Default: false.",
        "documents"}});
}

namespace {

using Texts = std::vector<std::string>;

// {"index","relevance_score","document"?} for each.
void AppendResults(std::string& json, const RerankResponse& response,
                   std::optional<std::uint32_t> top_n, const Texts& documents) {
  const std::size_t most = top_n ? *top_n : response.ranks.size();
  json += '[';
  for (std::size_t i = 0; i < std::min(most, response.ranks.size()); ++i) {
    const Rank& rank = response.ranks[i];
    json += (i > 0 ? R"(,{"index":)" : R"({"index":)") + std::to_string(rank.index);
    json += R"(,"relevance_score":)";
    AppendFloat(json, rank.score);
    if (!documents.empty()) {
      json += R"(,"document":{"text":)";
      AppendString(json, documents[rank.index]);
      json += '}';
    }
    json += '}';
  }
  json += ']';
}

std::string WriteJina(const RerankResponse& response, std::string_view model,
                      std::optional<std::uint32_t> top_n, const Texts& documents) {
  std::string json = R"({"model":)";
  AppendString(json, model);
  json += R"(,"results":)";
  AppendResults(json, response, top_n, documents);
  const std::string tokens = std::to_string(response.compute.tokens);
  return json + R"(,"usage":{"prompt_tokens":)" + tokens + R"(,"total_tokens":)" + tokens + "}}";
}

std::string WriteCohere(const RerankResponse& response, std::string_view id,
                        std::optional<std::uint32_t> top_n, const Texts& documents) {
  std::string json = R"({"id":)";
  AppendString(json, id);
  json += R"(,"results":)";
  AppendResults(json, response, top_n, documents);
  return json + R"(,"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1},)" +
         R"("tokens":{"input_tokens":)" + std::to_string(response.compute.tokens) + "}}}";
}

// Whether there is something to rank; answers if not.
bool CheckBody(const RerankBody& body, const Context& context, const Respond& respond,
               ErrorStyle errors) {
  const InputList& list = body.is_tei() ? body.texts : body.documents;
  const std::string_view name = body.is_tei() ? "texts" : "documents";
  if (list.count == 0) {
    const std::string message = "`" + std::string(name) + "` cannot be empty";
    Refuse({.kind = ErrorKind::kEmpty, .message = message}, context, respond, errors);
    return false;
  }
  if (!body.is_tei() && body.top_n == 0U) {
    Refuse({.kind = ErrorKind::kValidation, .message = "`top_n` should be positive"}, context,
           respond, errors);
    return false;
  }
  return true;
}

void RunTei(RerankBody& body, const Context& context, const Respond& respond, ErrorStyle errors) {
  body.rerank.inputs_beyond = body.texts.beyond();
  body.rerank.texts = TakeTexts(body.texts);
  Texts returned = body.return_text ? body.rerank.texts : Texts();
  Run(&Service::Rerank, std::move(body.rerank), context, respond, errors,
      [texts = std::move(returned)](const RerankResponse& response) {
        return WriteRanks(response, texts);
      });
}

// `id`: of a Cohere answer; empty: a Jina answer.
void RunDocuments(RerankBody& body, std::string id, const Context& context, const Respond& respond,
                  ErrorStyle errors) {
  body.rerank.inputs_beyond = body.documents.beyond();
  body.rerank.texts = TakeTexts(body.documents);
  Texts returned = body.return_documents.value_or(false) ? body.rerank.texts : Texts();
  Run(&Service::Rerank, std::move(body.rerank), context, respond, errors,
      [id = std::move(id), top_n = body.top_n, documents = std::move(returned),
       &model = context.service.info().served_model_name](const RerankResponse& response) {
        return id.empty() ? WriteJina(response, model, top_n, documents)
                          : WriteCohere(response, id, top_n, documents);
      });
}

void HandleAny(Request& request, const Context& context, const Respond& respond,
               ErrorStyle errors) {
  auto body = ReadBody<RerankBody>(request, context, respond, ReadRerank);
  if (!body || !CheckBody(*body, context, respond, errors)) return;
  if (body->is_tei()) return RunTei(*body, context, respond, errors);
  RunDocuments(*body, {}, context, respond, errors);
}

void HandleRerank(Request& request, const Context& context, const Respond& respond) {
  HandleAny(request, context, respond, ErrorStyle::kTei);
}

void HandleV1(Request& request, const Context& context, const Respond& respond) {
  HandleAny(request, context, respond, ErrorStyle::kOpenAi);
}

bool ReadV2(BodyReader& reader, RerankBody& body) {
  RerankRequest& rerank = body.rerank;
  std::optional<std::string> ignored;
  return reader.ReadStruct(
      "struct RerankV2Request",
      {{"query", [&] { return reader.ReadString(rerank.query); }, BodyReader::kRequired},
       {"documents", [&] { return ReadDocuments(reader, body.documents); }, BodyReader::kRequired},
       {"model", [&] { return reader.ReadOptionalString(ignored); }},
       {"top_n", [&] { return reader.ReadOptionalSize(body.top_n, /*least=*/1); },
        BodyReader::kOptional, "How many of the best to give. Default: all."},
       {"return_documents", [&] { return reader.ReadOptionalBool(body.return_documents); },
        BodyReader::kOptional, "Repeat each in the answer. Default: false."}});
}

void HandleV2(Request& request, const Context& context, const Respond& respond) {
  constexpr auto kErrors = ErrorStyle::kOpenAi;
  auto body = ReadBody<RerankBody>(request, context, respond, ReadV2);
  if (!body || !CheckBody(*body, context, respond, kErrors)) return;
  RunDocuments(*body, request.request_id, context, respond, kErrors);
}

constexpr std::string_view kSummary = "Order texts by how well they answer a query";
constexpr Shape kAnswer = {
    "RerankResponse",
    R"({"oneOf":[{"type":"array","items":{"$ref":"#/components/schemas/Rank"}},)"
    R"({"type":"object","required":["model","results","usage"],"additionalProperties":false,)"
    R"("properties":{"model":{"type":"string"},)"
    R"("results":{"type":"array","items":{"$ref":"#/components/schemas/RerankResult"}},)"
    R"("usage":{"$ref":"#/components/schemas/Usage"}}}],)"
    R"("example":[{"index":0,"score":1.0}]})"};

}  // namespace

const Operation kRerank = {
    .handle = HandleRerank,
    .span = "rerank",
    .tag = "Reranking",
    .summary = kSummary,
    .work = Work::kModel,
    .body = Describe<ReadRerank>,
    .example = R"({"query":"What is Deep Learning?","texts":["Deep Learning is ..."]})",
    .answer = kAnswer,
};

const Operation kRerankV1 = {
    .handle = HandleV1,
    .span = "rerank",
    .tag = "Reranking",
    .summary = kSummary,
    .work = Work::kModel,
    .body = Describe<ReadRerank>,
    .example = R"({"query":"What is Deep Learning?","documents":["Deep Learning is ..."]})",
    .answer = kAnswer,
    .errors = ErrorStyle::kOpenAi,
};

const Operation kRerankV2 = {
    .handle = HandleV2,
    .span = "rerank",
    .tag = "Reranking",
    .summary = "Order documents by how well they answer a query, as Cohere's clients ask for it",
    .work = Work::kModel,
    .body = Describe<ReadV2>,
    .example = R"({"query":"What is Deep Learning?","documents":["Deep Learning is ..."]})",
    .answer = {"RerankV2Response",
               R"({"type":"object","required":["id","results","meta"],)"
               R"("additionalProperties":false,"properties":{"id":{"type":"string"},)"
               R"("results":{"type":"array","items":)"
               R"({"$ref":"#/components/schemas/RerankResult"}},)"
               R"("meta":{"type":"object"}}})"},
    .errors = ErrorStyle::kOpenAi,
};

}  // namespace embd::http
