#include <optional>
#include <utility>
#include <variant>

#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

struct DecodeBody {
  InputList ids;
  DecodeRequest decode;
};

bool ReadDecodeMembers(BodyReader& reader, DecodeBody& body) {
  return reader.ReadStruct(
      "struct DecodeRequest",
      {{"ids", [&] { return ReadIdInputs(reader, body.ids); }, BodyReader::kRequired},
       {"skip_special_tokens", [&] { return reader.ReadBool(body.decode.skip_special_tokens); },
        BodyReader::kOptional, "Leave out the tokens that stand for no text."}});
}

void HandleDecode(Request& request, const Context& context, const Respond& respond) {
  std::optional<DecodeBody> body =
      ReadBody<DecodeBody>(request, context, respond, ReadDecodeMembers);
  if (!body) return;
  InputList& list = body->ids;
  DecodeRequest& decode = body->decode;
  decode.inputs_beyond = list.beyond();
  decode.ids.reserve(list.inputs.size());
  for (Input& input : list.inputs) {
    decode.ids.push_back(std::move(std::get<std::vector<std::uint32_t>>(input)));
  }
  decode.is_batch = list.is_batch;
  Run(&Service::Decode, std::move(decode), context, respond, ErrorStyle::kTei, WriteTexts);
}

}  // namespace

const Operation kDecode = {
    .handle = HandleDecode,
    .span = "decode",
    .tag = "Tokenization",
    .summary = "Get the texts that token ids stand for",
    .work = Work::kTokenizer,
    .body = Describe<ReadDecodeMembers>,
    .example = R"({"ids":[101,2054,2003,2784,4083,1029,102]})",
    .answer =
        {"DecodeResponse",
         R"({"type":"array","items":{"type":"string"},"example":["what is deep learning?"]})"},
};

}  // namespace embd::http
