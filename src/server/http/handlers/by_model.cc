#include "server/http/handlers/handlers.h"

namespace embd::http {

const Operation& TextOperation(const ServerInfo& info) {
  switch (TextUseOf(info)) {
    case TextUse::kEmbed:
      break;
    case TextUse::kEmbedSparse:
      return kEmbedSparse;
    case TextUse::kPredict:
      return kPredict;
  }
  return kEmbed;
}

namespace {

const Operation& Choose(const ServerInfo& info) {
  if (info.task == ModelTask::kReranker) return kRerank;
  if (info.task == ModelTask::kEmbedding && info.default_similarity) return kSimilarity;
  return TextOperation(info);
}

void HandleByModel(Request& request, const Context& context, const Respond& respond) {
  Choose(context.service.info()).handle(request, context, respond);
}

}  // namespace

const Operation kByModel = {
    .handle = HandleByModel,
    .span = "by_model",
    .tag = "Platforms",
    .summary = "Do what the model is for",
    .choose = Choose,
};

}  // namespace embd::http
