#include <optional>
#include <string>
#include <utility>

#include "api/validation.h"
#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run_embed.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"
#include "service/similarity.h"

namespace embd::http {
namespace {

struct Body {
  std::string source;
  InputList sentences;
  EmbedRequest embed;
};

bool ReadParameters(BodyReader& reader, EmbedRequest& embed) {
  bool null = false;
  return reader.ReadNullable(null, [&] {
    return reader.ReadStruct(
        "struct SimilarityParameters",
        {{"truncate", [&] { return reader.ReadOptionalBool(embed.truncate); }},
         {"truncation_direction", [&] { return reader.ReadDirection(embed.truncation_side); }},
         {"prompt_name", [&] { return reader.ReadOptionalString(embed.prompt_name); }}});
  });
}

bool ReadMembers(BodyReader& reader, Body& body) {
  const auto inputs = [&] {
    return reader.ReadStruct(
        "struct SimilarityInput",
        {{"source_sentence", [&] { return reader.ReadString(body.source); }, true},
         {"sentences", [&] { return ReadTexts(reader, body.sentences); }, true}});
  };
  return reader.ReadStruct("struct SimilarityRequest",
                           {{"inputs", inputs, true},
                            {"parameters", [&] { return ReadParameters(reader, body.embed); }}});
}

Response Reply(const Result<EmbedResponse>& result, std::chrono::nanoseconds total) {
  if (!result) return ErrorReply(result.error(), total);
  std::string json;
  AppendFloats(json, SimilaritiesToFirst(*result));
  return ComputedReply(std::move(json), result->compute, total);
}

}  // namespace

void HandleSimilarity(Request& request, const Context& context, const Respond& respond) {
  std::optional<Body> read = ReadBody<Body>(request, respond, ReadMembers);
  if (!read) return;
  Body& body = *read;
  if (body.sentences.count == 0) {
    context.service.CountRefusal(true, EmptySentencesError());
    return respond([start = context.start] {
      return ErrorReply(EmptySentencesError(), std::chrono::steady_clock::now() - start);
    });
  }
  EmbedRequest& embed = body.embed;
  embed.inputs.reserve(body.sentences.inputs.size() + 1);
  embed.inputs.emplace_back(std::move(body.source));
  for (Input& sentence : body.sentences.inputs) embed.inputs.push_back(std::move(sentence));
  embed.is_batch = true;
  embed.normalize = false;
  RunEmbed(std::move(embed), body.sentences.count + 1, context, respond, Reply);
}

}  // namespace embd::http
