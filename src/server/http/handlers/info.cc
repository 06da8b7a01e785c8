#include "server/http/handlers/handlers.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

void HandleInfo(Request& /*request*/, const Context& context, const Respond& respond) {
  respond([&service = context.service] { return JsonReply(WriteInfo(service.info())); });
}

}  // namespace

const Operation kInfo = {
    .handle = HandleInfo,
    .span = "get_model_info",
    .tag = "Server",
    .summary = "Get what the server serves, and its limits",
    .answer = {"Info",
               R"({"type":"object","required":["model_id","model_sha","model_dtype",)"
               R"("served_model_name","model_type","max_concurrent_requests","max_input_length",)"
               R"("max_batch_tokens","max_batch_requests","max_client_batch_size","auto_truncate",)"
               R"("tokenization_workers","version","sha","docker_label"],)"
               R"("additionalProperties":false,"properties":{"model_id":{"type":"string"},)"
               R"("model_sha":{"type":"string","nullable":true},"model_dtype":{"type":"string"},)"
               R"("served_model_name":{"type":"string"},)"
               R"("model_type":{"$ref":"#/components/schemas/ModelType"},)"
               R"("max_concurrent_requests":{"type":"integer"},)"
               R"("max_input_length":{"type":"integer"},"max_batch_tokens":{"type":"integer"},)"
               R"("max_batch_requests":{"type":"integer","nullable":true},)"
               R"("max_client_batch_size":{"type":"integer"},"auto_truncate":{"type":"boolean"},)"
               R"("tokenization_workers":{"type":"integer"},"version":{"type":"string"},)"
               R"("sha":{"type":"string","nullable":true},)"
               R"("docker_label":{"type":"string","nullable":true}}})"},
};

}  // namespace embd::http
