#include <optional>
#include <utility>

#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

struct TokenizeBody {
  InputList inputs;
  TokenizeRequest tokenize;
};

bool ReadTokenizeMembers(BodyReader& reader, TokenizeBody& body) {
  TokenizeRequest& tokenize = body.tokenize;
  return reader.ReadStruct(
      "struct TokenizeRequest",
      {{"inputs", [&] { return ReadTextInputs(reader, body.inputs); }, BodyReader::kRequired},
       {"add_special_tokens", [&] { return reader.ReadBool(tokenize.add_special_tokens); },
        BodyReader::kOptional, "Also those that the model expects around a text."},
       {"prompt_name", [&] { return reader.ReadOptionalString(tokenize.prompt_name); },
        BodyReader::kOptional, kAboutPrompt}});
}

void HandleTokenize(Request& request, const Context& context, const Respond& respond) {
  std::optional<TokenizeBody> body =
      ReadBody<TokenizeBody>(request, context, respond, ReadTokenizeMembers);
  if (!body) return;
  InputList& list = body->inputs;
  body->tokenize.inputs_beyond = list.beyond();
  body->tokenize.inputs = TakeTexts(list);
  body->tokenize.is_batch = list.is_batch;
  Run(&Service::Tokenize, std::move(body->tokenize), context, respond, ErrorStyle::kTei,
      WriteTokens);
}

}  // namespace

const Operation kTokenize = {
    .handle = HandleTokenize,
    .span = "tokenize",
    .tag = "Tokenization",
    .summary = "Get the tokens of each text",
    .work = Work::kTokenizer,
    .body = Describe<ReadTokenizeMembers>,
    .example = R"({"inputs":"What is Deep Learning?"})",
    .answer = {"TokenizeResponse",
               R"({"type":"array","description":"For each text its tokens.","items":)"
               R"({"type":"array","items":{"$ref":"#/components/schemas/SimpleToken"}},)"
               R"("example":[[{"id":0,"text":"test","special":false,"start":0,"stop":2}]]})"},
};

}  // namespace embd::http
