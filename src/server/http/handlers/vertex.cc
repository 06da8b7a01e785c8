#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/validation.h"
#include "engine/job.h"
#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/rerank.h"
#include "server/http/handlers/run.h"

namespace embd::http {
namespace {

struct VertexBody {
  std::vector<std::string> instances;  // JSON
  std::size_t count = 0;               // also those that are not kept
};

constexpr Shape kInstanceShape = {
    "VertexInstance",
    R"({"type":"object","description":"What the route for this kind of model takes.",)"
    R"("example":{"inputs":"What is Deep Learning?"}})"};

bool ReadVertexMembers(BodyReader& reader, VertexBody& body) {
  const auto instance = [&] {
    return reader.ReadShape(kInstanceShape, [&](JsonBodyReader& json) {
      std::string_view text;
      if (!json.ReadRaw(text)) return false;
      if (++body.count <= json.most_inputs()) body.instances.emplace_back(text);
      return true;
    });
  };
  return reader.ReadStruct(
      "struct VertexRequest",
      {{"instances", [&] { return reader.ReadList(instance); }, BodyReader::kRequired}});
}

// The answers of all instances on their way. Each comes from any thread into its own place.
struct Gathering {
  explicit Gathering(std::size_t count) : makers(count), missing(count) {}
  std::vector<std::function<Response()>> makers;
  std::atomic<std::size_t> missing;
};

// On the connection's thread: all predictions, or the first error.
Response Combine(const Gathering& gathering, std::chrono::steady_clock::time_point start) {
  std::string json = R"({"predictions":[)";
  for (const auto& make : gathering.makers) {
    Response response = make();
    if (response.status != 200) return response;
    if (json.back() != '[') json += ',';
    json += response.body;
  }
  Response response = JsonReply(json + "]}");
  response.record =
      AccessRecord{.error = {}, .total = std::chrono::steady_clock::now() - start, .compute = {}};
  return response;
}

bool IsRerank(const std::string& instance, const Context& context) {
  JsonBodyReader reader = ReaderOf(instance, context);
  RerankBody body;
  return ReadRerank(reader, body);
}

const Operation& Choose(const std::string& instance, const Context& context) {
  return IsRerank(instance, context) ? kRerank : TextOperation(context.service.info());
}

void Start(std::string instance, const Context& context, const Respond& respond) {
  Request request;
  request.body = std::move(instance);
  Choose(request.body, context).handle(request, context, respond);
}

void HandleVertex(Request& request, const Context& context, const Respond& respond) {
  std::optional<VertexBody> body =
      ReadBody<VertexBody>(request, context, respond, ReadVertexMembers);
  if (!body) return;
  // Each needs a permit at least.
  const std::size_t permits = context.service.info().max_concurrent_requests;
  if (body->count > std::min(permits, body->instances.size())) {
    return Refuse(context.service.RefuseOverloaded(body->count), context, respond,
                  ErrorStyle::kTei);
  }
  const auto gathering = std::make_shared<Gathering>(body->instances.size());
  const auto finish = [gathering, respond, start = context.start] {
    respond([gathering, start] { return Combine(*gathering, start); });
  };
  if (body->instances.empty()) return finish();
  Context part = context;
  part.part = Part::kInstance;
  for (std::size_t i = 0; i < body->instances.size(); ++i) {
    Start(std::move(body->instances[i]), part,
          [gathering, finish, i](std::function<Response()> make) {
            gathering->makers[i] = std::move(make);
            if (gathering->missing.fetch_sub(1, std::memory_order_acq_rel) == 1) finish();
          });
  }
}

}  // namespace

const Operation kVertex = {
    .handle = HandleVertex,
    .span = "vertex_compatibility",
    .tag = "Platforms",
    .summary = "Answer several requests at once, as Vertex AI sends them",
    .work = Work::kModel,
    .body = Describe<ReadVertexMembers>,
    .example = R"({"instances":[{"inputs":"What is Deep Learning?"}]})",
    .answer = {"VertexResponse",
               R"({"type":"object","required":["predictions"],"additionalProperties":false,)"
               R"("properties":{"predictions":{"type":"array","items":{}}}})"},
};

}  // namespace embd::http
