#include <optional>
#include <string>
#include <utility>

#include "api/validation.h"
#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"
#include "service/similarity.h"

namespace embd::http {
namespace {

struct SimilarityBody {
  std::string source;
  InputList sentences;
  EmbedRequest embed;
};

bool ReadParameters(BodyReader& reader, EmbedRequest& embed) {
  bool null = false;
  return reader.ReadNullable(null, [&] {
    return reader.ReadStruct(
        "struct SimilarityParameters",
        {{"truncate", [&] { return reader.ReadOptionalBool(embed.truncate); },
          BodyReader::kOptional, kAboutTruncate},
         {"truncation_direction", [&] { return reader.ReadDirection(embed.truncation_side); },
          BodyReader::kOptional, kAboutDirection},
         {"prompt_name", [&] { return reader.ReadOptionalString(embed.prompt_name); },
          BodyReader::kOptional, kAboutPrompt}});
  });
}

bool ReadSimilarityMembers(BodyReader& reader, SimilarityBody& body) {
  const auto inputs = [&] {
    return reader.ReadStruct(
        "struct SimilarityInput",
        {{"source_sentence", [&] { return reader.ReadString(body.source); }, BodyReader::kRequired},
         {"sentences", [&] { return ReadTexts(reader, body.sentences); }, BodyReader::kRequired}});
  };
  return reader.ReadStruct("struct SimilarityRequest",
                           {{"inputs", inputs, BodyReader::kRequired},
                            {"parameters", [&] { return ReadParameters(reader, body.embed); }}});
}

std::string Write(const EmbedResponse& response) {
  std::string json;
  AppendFloats(json, SimilaritiesToFirst(response));
  return json;
}

void HandleSimilarity(Request& request, const Context& context, const Respond& respond) {
  std::optional<SimilarityBody> body =
      ReadBody<SimilarityBody>(request, context, respond, ReadSimilarityMembers);
  if (!body) return;
  InputList& sentences = body->sentences;
  if (sentences.count == 0) {
    return Refuse(EmptySentencesError(), context, respond, ErrorStyle::kTei);
  }
  EmbedRequest& embed = body->embed;
  embed.inputs_beyond = sentences.beyond();
  embed.inputs.reserve(sentences.inputs.size() + 1);
  embed.inputs.emplace_back(std::move(body->source));
  for (Input& sentence : sentences.inputs) embed.inputs.push_back(std::move(sentence));
  embed.is_batch = true;
  embed.normalize = false;
  Run(&Service::Embed, std::move(embed), context, respond, ErrorStyle::kTei, Write);
}

}  // namespace

const Operation kSimilarity = {
    .handle = HandleSimilarity,
    .span = "similarity",
    .tag = "Embeddings",
    .summary = "Compare sentences with one other by the cosine of their vectors",
    .work = Work::kModel,
    .body = Describe<ReadSimilarityMembers>,
    .example = R"({"inputs":{"source_sentence":"What is Deep Learning?",)"
               R"("sentences":["What is Machine Learning?"]}})",
    .answer = {"SimilarityResponse",
               R"({"type":"array","items":{"$ref":"#/components/schemas/Float"},)"
               R"("example":[0.0,1.0,0.5]})"},
};

}  // namespace embd::http
