#include <optional>
#include <utility>

#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

struct PredictBody {
  InputList inputs;
  PredictRequest predict;
};

bool ReadPredictMembers(BodyReader& reader, PredictBody& body) {
  PredictRequest& predict = body.predict;
  return reader.ReadStruct(
      "struct PredictRequest",
      {{"inputs", [&] { return ReadPairInputs(reader, body.inputs); }, BodyReader::kRequired},
       {"truncate", [&] { return reader.ReadOptionalBool(predict.truncate); },
        BodyReader::kOptional, kAboutTruncate},
       {"truncation_direction", [&] { return reader.ReadDirection(predict.truncation_side); },
        BodyReader::kOptional, kAboutDirection},
       {"raw_scores", [&] { return reader.ReadBool(predict.raw_scores); }, BodyReader::kOptional,
        kAboutRawScores}});
}

void HandlePredict(Request& request, const Context& context, const Respond& respond) {
  std::optional<PredictBody> body =
      ReadBody<PredictBody>(request, context, respond, ReadPredictMembers);
  if (!body) return;
  GiveInputs(body->inputs, body->predict);
  Run(&Service::Predict, std::move(body->predict), context, respond, ErrorStyle::kTei,
      [is_batch = body->inputs.is_batch,
       &info = context.service.info()](const PredictResponse& response) {
        return WritePredictions(response, info.labels, is_batch);
      });
}

}  // namespace

const Operation kPredict = {
    .handle = HandlePredict,
    .span = "predict",
    .tag = "Classification",
    .summary = "Get a score of each label, for texts or pairs of texts",
    .work = Work::kModel,
    .body = Describe<ReadPredictMembers>,
    .example = R"({"inputs":"I like you."})",
    .answer = {"PredictResponse",
               R"({"description":"The best label first; of a batch, a list for each input.",)"
               R"("oneOf":[{"type":"array","items":{"$ref":"#/components/schemas/Prediction"}},)"
               R"({"type":"array","minItems":1,"items":)"
               R"({"type":"array","items":{"$ref":"#/components/schemas/Prediction"}}}],)"
               R"("example":[{"score":0.5,"label":"admiration"}]})"},
};

}  // namespace embd::http
