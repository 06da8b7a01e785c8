// Any bytes as the body of POST /embed: read or refused with 400 or 422. What was read and is
// written out as JSON again reads back the same, also with anything behind it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/http/json_read.h"
#include "server/http/json_write.h"
#include "unicode/utf8.h"

namespace {

using embd::Input;

void Require(bool condition) {
  if (!condition) std::abort();
}

std::string Written(const Input& input) {
  std::string out;
  if (const auto* text = std::get_if<std::string>(&input)) {
    Require(embd::unicode::IsValid(*text));
    embd::http::AppendString(out, *text);
    return out;
  }
  for (const std::uint32_t id : std::get<std::vector<std::uint32_t>>(input)) {
    out += (out.empty() ? "[" : ",") + std::to_string(id);
  }
  return out.empty() ? "[]" : out + "]";
}

std::string Written(const embd::EmbedRequest& request) {
  std::string out = request.is_batch ? "{\"inputs\":[" : "{\"inputs\":";
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    out += (i == 0 ? "" : ",") + Written(request.inputs[i]);
  }
  if (request.is_batch) out += ']';
  if (request.truncate) out += *request.truncate ? ",\"truncate\":true" : ",\"truncate\":false";
  if (request.truncation_side == embd::TruncationSide::kLeft) {
    out += ",\"truncation_direction\":\"left\"";
  }
  if (request.prompt_name) {
    out += ",\"prompt_name\":";
    embd::http::AppendString(out, *request.prompt_name);
  }
  if (!request.normalize) out += ",\"normalize\":false";
  if (request.dimensions) out += ",\"dimensions\":" + std::to_string(*request.dimensions);
  return out + "}";
}

void CheckSame(const embd::EmbedRequest& a, const embd::EmbedRequest& b) {
  Require(a.inputs == b.inputs && a.is_batch == b.is_batch && a.truncate == b.truncate);
  Require(a.truncation_side == b.truncation_side && a.prompt_name == b.prompt_name);
  Require(a.normalize == b.normalize && a.dimensions == b.dimensions);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto read = embd::http::ReadEmbedRequest(body);
  if (const auto* rejection = std::get_if<embd::http::Rejection>(&read)) {
    Require(rejection->status == 400 || rejection->status == 422);
    Require(embd::unicode::IsValid(rejection->text));
    return 0;
  }
  const auto& first = std::get<embd::http::EmbedBody>(read);
  Require(first.inputs >= first.request.inputs.size() && !first.request.inputs.empty());
  if (first.inputs > first.request.inputs.size()) return 0;
  const auto again = embd::http::ReadEmbedRequest(Written(first.request) + "]}\"");
  Require(std::holds_alternative<embd::http::EmbedBody>(again));
  CheckSame(first.request, std::get<embd::http::EmbedBody>(again).request);
  return 0;
}
