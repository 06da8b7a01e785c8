#include <string>

#include "server/http/handlers/handlers.h"

namespace embd::http {
namespace {

void HandleApiDocument(Request& /*request*/, const Context& context, const Respond& respond) {
  respond([document = context.api_document] { return JsonReply(std::string(document)); });
}

}  // namespace

const Operation kApiDocument = {
    .handle = HandleApiDocument,
    .span = "api_document",
    .tag = "Documentation",
    .summary = "Get this document",
    .answer = {"ApiDocument", R"({"type":"object","required":["openapi","info","paths"]})"},
};

}  // namespace embd::http
