#include "server/http/handlers/handlers.h"

namespace embd::http {
namespace {

const Operation& Choose(const ServerInfo& info) {
  switch (info.task) {
    case ModelTask::kClassifier:
      return kPredict;
    case ModelTask::kReranker:
      return kRerank;
    case ModelTask::kEmbedding:
      break;
  }
  if (info.default_similarity) return kSimilarity;
  return info.pooling == Pooling::kSplade ? kEmbedSparse : kEmbed;
}

void Handle(Request& request, const Context& context, const Respond& respond) {
  Choose(context.service.info()).handle(request, context, respond);
}

}  // namespace

const Operation kByModel = {
    .handle = Handle,
    .tag = "Platforms",
    .summary = "Do what the model is for",
    .choose = Choose,
};

}  // namespace embd::http
