#include "server/http/replies.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "server/error_map.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

std::string Milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

Response EmptyReply(int status) {
  Response response;
  response.status = status;
  return response;
}

Response TextReply(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = kTextType;
  response.body = std::move(text);
  return response;
}

Response JsonReply(std::string json) {
  Response response;
  response.content_type = kJsonType;
  response.body = std::move(json);
  return response;
}

Response ErrorReply(const Error& error, std::chrono::nanoseconds total, ErrorStyle style) {
  Response response =
      JsonReply(style == ErrorStyle::kTei ? WriteError(error) : WriteOpenAiError(error));
  response.status = MapError(error.kind).http_status;
  if (error.kind == ErrorKind::kOverloaded) {
    response.headers = {{"retry-after", std::to_string(std::max(1U, error.retry_after_s))}};
  }
  response.record = AccessRecord{.error = error.message, .total = total, .compute = {}};
  return response;
}

Response RejectionReply(Rejection rejection) {
  return TextReply(rejection.status, std::move(rejection.text));
}

Response RedirectReply(std::string path) {
  Response response = EmptyReply(303);
  response.headers = {{"location", std::move(path)}};
  return response;
}

Response ComputedReply(std::string json, const ComputeInfo& compute,
                       std::chrono::nanoseconds total) {
  Response response = JsonReply(std::move(json));
  constexpr std::size_t kUsualHeaders = 12;  // with those that every answer gets
  response.headers.reserve(kUsualHeaders);
  const auto add = [&](std::string_view name, std::string value) {
    response.headers.emplace_back(name, std::move(value));
  };
  add("x-compute-type", "gpu+optimized");
  add("x-compute-time", Milliseconds(total));
  add("x-compute-characters", std::to_string(compute.characters));
  add("x-compute-tokens", std::to_string(compute.tokens));
  add("x-total-time", Milliseconds(total));
  add("x-tokenization-time", Milliseconds(compute.tokenization));
  add("x-queue-time", Milliseconds(compute.queue));
  add("x-inference-time", Milliseconds(compute.inference));
  response.record = AccessRecord{.error = {}, .total = total, .compute = compute};
  return response;
}

}  // namespace embd::http
