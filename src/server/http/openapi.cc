#include "server/http/openapi.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/json_write.h"
#include "server/http/schema_writer.h"

namespace embd::http {
namespace {

// What several answers are made of; each is written by the function of json_write or of the handler
// that has it in its name.
constexpr Shape kSharedShapes[] = {
    {"Float", R"({"type":"number","format":"float","nullable":true,)"
              R"("description":"null: not a number."})"},
    {"TokenIds", R"({"type":"array","items":{"type":"integer","minimum":0,"maximum":4294967295}})"},
    {"Prediction", R"({"type":"object","required":["score","label"],"additionalProperties":false,)"
                   R"("properties":{"score":{"$ref":"#/components/schemas/Float"},)"
                   R"("label":{"type":"string"}}})"},
    {"Rank", R"({"type":"object","required":["index","score"],"additionalProperties":false,)"
             R"("properties":{"index":{"type":"integer","minimum":0},"text":{"type":"string"},)"
             R"("score":{"$ref":"#/components/schemas/Float"}}})"},
    {"RerankResult",
     R"({"type":"object","required":["index","relevance_score"],"additionalProperties":false,)"
     R"("properties":{"index":{"type":"integer","minimum":0},)"
     R"("relevance_score":{"$ref":"#/components/schemas/Float"},)"
     R"("document":{"type":"object","required":["text"],"additionalProperties":false,)"
     R"("properties":{"text":{"type":"string"}}}}})"},
    {"SimpleToken",
     R"({"type":"object","required":["id","text","special","start","stop"],)"
     R"("additionalProperties":false,"properties":{"id":{"type":"integer","minimum":0},)"
     R"("text":{"type":"string"},"special":{"type":"boolean"},)"
     R"("start":{"type":"integer","minimum":0,"nullable":true,)"
     R"("description":"Bytes of the text before the token."},)"
     R"("stop":{"type":"integer","minimum":0,"nullable":true}}})"},
    {"Usage", R"({"type":"object","required":["prompt_tokens","total_tokens"],)"
              R"("additionalProperties":false,"properties":{)"
              R"("prompt_tokens":{"type":"integer"},"total_tokens":{"type":"integer"}}})"},
    {"ModelType",
     R"({"type":"object","minProperties":1,"maxProperties":1,"additionalProperties":false,)"
     R"("properties":{"embedding":{"type":"object","required":["pooling"],)"
     R"("properties":{"pooling":{"type":"string","enum":["cls","mean","splade","last_token"]}}},)"
     R"("classifier":{"$ref":"#/components/schemas/Labels"},)"
     R"("reranker":{"$ref":"#/components/schemas/Labels"}}})"},
    {"Labels",
     R"({"type":"object","required":["id2label","label2id"],"additionalProperties":false,)"
     R"("properties":{"id2label":{"type":"object","additionalProperties":{"type":"string"}},)"
     R"("label2id":{"type":"object","additionalProperties":{"type":"integer"}}}})"},
    {"ErrorType", R"({"type":"string","enum":["Unhealthy","Backend","Overloaded","Validation",)"
                  R"("Tokenizer","Empty"]})"},
    {"ErrorResponse",
     R"({"type":"object","required":["error","error_type"],"additionalProperties":false,)"
     R"("properties":{"error":{"type":"string"},)"
     R"("error_type":{"$ref":"#/components/schemas/ErrorType"}}})"},
    {"OpenAICompatErrorResponse",
     R"({"type":"object","required":["message","code","type"],"additionalProperties":false,)"
     R"("properties":{"message":{"type":"string"},"code":{"type":"integer"},)"
     R"("type":{"$ref":"#/components/schemas/ErrorType"}}})"},
};

// What stands in heads: of every answer, of one that was turned away, and of what a model computed.
struct Header {
  std::string_view name;
  std::string_view schema;  // JSON
  std::string_view description;
};

constexpr std::string_view kWhole = R"({"type":"integer","minimum":0})";
constexpr Header kRequestIdHeader = {"x-request-id", R"({"type":"string"})",
                                     "The request's, or a new one."};
constexpr Header kRetryHeader = {"retry-after", R"({"type":"integer","minimum":1,"maximum":60})",
                                 "Seconds until there is likely to be room."};
constexpr Header kCostHeaders[] = {
    {"x-compute-type", R"({"type":"string"})", "As TEI names it."},
    {"x-compute-time", kWhole, "Milliseconds."},
    {"x-compute-characters", kWhole, "Characters of all inputs."},
    {"x-compute-tokens", kWhole, "Tokens of all inputs."},
    {"x-total-time", kWhole, "Milliseconds."},
    {"x-tokenization-time", kWhole, "Milliseconds, the mean of the inputs."},
    {"x-queue-time", kWhole, "Milliseconds, the mean of the inputs."},
    {"x-inference-time", kWhole, "Milliseconds, the mean of the inputs."},
};

std::string Quoted(std::string_view text) {
  std::string out;
  AppendString(out, text);
  return out;
}

// How a request may end other than well.
struct Refusal {
  int status;
  std::string_view description;
  bool text;  // told as plain text
  bool json;  // told as an error in JSON
};

std::vector<Refusal> RefusalsOf(const Route& route, const Operation& operation) {
  std::vector<Refusal> refusals;
  const bool body = operation.body != nullptr;
  const bool works = operation.work != Work::kNone;
  if (body) refusals.push_back({400, "The body is not JSON, or an input is empty", true, works});
  if (route.access == Access::kKey) {
    refusals.push_back({401, "The API key is missing or wrong", false, false});
  }
  if (body) {
    refusals.push_back({413, "The body is too large", true, false});
    refusals.push_back({415, "The content type is not that of JSON", true, false});
    refusals.push_back(
        {422, "The body is not of the right shape, or asks for what cannot be done", true, works});
  }
  if (operation.work == Work::kModel) {
    refusals.push_back({424, "The model failed, or is not made for this", false, true});
  }
  if (works) refusals.push_back({429, "The server has too much to do", false, true});
  if (works || operation.errors_when_unwell) {
    refusals.push_back({503, "The server is not well, or ends", false, true});
  }
  return refusals;
}

std::string ContentOf(std::string_view type, std::string_view schema) {
  return Quoted(type) + R"(:{"schema":)" + std::string(schema) + "}";
}

// Told once, under components, and referred to from every answer that has it.
std::string SharedHeaders() {
  std::string json;
  const auto add = [&](const Header& header) {
    json += json.empty() ? "" : ",";
    json += Quoted(header.name) + R"(:{"description":)" + Quoted(header.description) +
            R"(,"schema":)" + std::string(header.schema) + "}";
  };
  add(kRequestIdHeader);
  add(kRetryHeader);
  for (const Header& header : kCostHeaders) add(header);
  return json;
}

std::string HeadersOf(bool turned_away, bool computed) {
  std::string json;
  const auto add = [&](const Header& header) {
    json += json.empty() ? R"(,"headers":{)" : ",";
    const std::string name(header.name);
    json += Quoted(name) + R"(:{"$ref":"#/components/headers/)" + name + "\"}";
  };
  add(kRequestIdHeader);
  if (turned_away) add(kRetryHeader);
  if (computed) {
    for (const Header& header : kCostHeaders) add(header);
  }
  return json + "}";
}

class Writer {
 public:
  explicit Writer(const ServerInfo& info) : info_(info) {
    for (const Shape& shape : kSharedShapes) schemas_.emplace(shape.name, shape.schema);
  }

  std::string Write(std::span<const Route> routes) {
    std::string json = R"({"openapi":"3.0.3","info":{"title":"Text Embeddings Inference",)"
                       R"("description":"embd: text embeddings, reranking and classification.",)"
                       R"("license":{"name":"Apache 2.0",)"
                       R"("url":"https://www.apache.org/licenses/LICENSE-2.0"},"version":)" +
                       Quoted(info_.version) + R"(},"paths":{)" + Paths(routes);
    json += R"(},"components":{"schemas":{)";
    for (const auto& [name, schema] : schemas_) {
      if (json.back() != '{') json += ',';
      json += Quoted(name) + ":" + schema;
    }
    json += R"(},"headers":{)" + SharedHeaders();
    return json + R"(},"securitySchemes":{"ApiKey":{"type":"http","scheme":"bearer",)" +
           R"("description":"The server's --api-key, if it has one."}}}})";
  }

 private:
  // The methods of a path stand together, in the order of the routes.
  std::string Paths(std::span<const Route> routes) {
    std::vector<std::pair<std::string, std::string>> paths;
    for (const Route& route : routes) {
      if (route.operation.hidden) continue;
      std::string path(route.path);
      const std::size_t star = path.find('*');
      if (star != std::string::npos) path.replace(star, 1, "{name}");
      const auto known = std::find_if(paths.begin(), paths.end(),
                                      [&](const auto& entry) { return entry.first == path; });
      std::string written = PathItem(route, star != std::string::npos);
      if (known != paths.end()) {
        known->second += "," + written;
      } else {
        paths.emplace_back(std::move(path), std::move(written));
      }
    }
    std::string json;
    for (const auto& [path, items] : paths) {
      if (!json.empty()) json += ',';
      json += Quoted(path) + ":{" + items + "}";
    }
    return json;
  }

  std::string PathItem(const Route& route, bool has_name) {
    const Operation& operation = Chosen(route.operation, info_);
    std::string json = route.method == Method::kGet ? R"("get":{"tags":[)" : R"("post":{"tags":[)";
    json += Quoted(route.operation.tag) + R"(],"summary":)" + Quoted(operation.summary);
    if (has_name) {
      json += R"(,"parameters":[{"name":"name","in":"path","required":true,)"
              R"("schema":{"type":"string","minLength":1}}])";
    }
    if (operation.body != nullptr) json += Body(operation);
    json += R"(,"responses":{)" + Success(operation);
    for (const Refusal& refusal : RefusalsOf(route, operation)) {
      json += "," + Refused(refusal, operation.errors);
    }
    json += '}';
    // An empty requirement beside it: a server without a key asks for none.
    if (route.access == Access::kKey) json += R"(,"security":[{},{"ApiKey":[]}])";
    return json + "}";
  }

  std::string Body(const Operation& operation) {
    SchemaWriter writer(schemas_);
    operation.body(writer);
    return R"(,"requestBody":{"required":true,"content":{"application/json":{"schema":)" +
           writer.schema() + R"(,"example":)" + std::string(operation.example) + "}}}";
  }

  std::string Success(const Operation& operation) {
    if (operation.answer_status != 200) {
      return Quoted(std::to_string(operation.answer_status)) + R"(:{"description":"Elsewhere")" +
             HeadersOf(/*turned_away=*/false, /*computed=*/false) + "}";
    }
    std::string json = R"("200":{"description":"Success")" +
                       HeadersOf(/*turned_away=*/false, operation.work == Work::kModel);
    const Shape& answer = operation.answer;
    if (!answer.name.empty()) {
      schemas_.emplace(answer.name, answer.schema);
      json +=
          R"(,"content":{)" + ContentOf(operation.answer_type, SchemaReference(answer.name)) + "}";
    }
    return json + "}";
  }

  static std::string Refused(const Refusal& refusal, ErrorStyle style) {
    std::string json = Quoted(std::to_string(refusal.status)) + R"(:{"description":)" +
                       Quoted(refusal.description) +
                       HeadersOf(refusal.status == 429, /*computed=*/false);
    std::string content;
    if (refusal.json) {
      content = ContentOf(kJsonType,
                          SchemaReference(style == ErrorStyle::kTei ? "ErrorResponse"
                                                                    : "OpenAICompatErrorResponse"));
    }
    if (refusal.text) {
      if (!content.empty()) content += ',';
      content += ContentOf(kTextType, R"({"type":"string"})");
    }
    if (!content.empty()) json += R"(,"content":{)" + content + "}";
    return json + "}";
  }

  const ServerInfo& info_;
  Schemas schemas_;
};

}  // namespace

std::string WriteApiDocument(std::span<const Route> routes, const ServerInfo& info) {
  return Writer(info).Write(routes);
}

}  // namespace embd::http
