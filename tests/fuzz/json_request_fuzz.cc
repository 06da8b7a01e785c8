// Any bytes as the body of every route: read or refused with 400 or 422. What POST /embed read and
// is written out as JSON again reads back the same, also with anything behind it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/http/handlers/embed.h"
#include "server/http/json_body_reader.h"
#include "server/http/json_write.h"
#include "server/http/routes.h"
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

constexpr std::size_t kMostInputs = 4096;

// Nothing when the body is refused.
std::optional<embd::EmbedRequest> ReadEmbed(std::string_view body) {
  embd::http::JsonBodyReader reader(body, kMostInputs);
  embd::http::EmbedBody read;
  if (!embd::http::ReadEmbed(reader, read)) return std::nullopt;
  const std::size_t kept = read.inputs.inputs.size();
  Require(read.inputs.count >= kept && kept > 0);
  if (read.inputs.count > kept) return std::nullopt;
  read.embed.inputs = std::move(read.inputs.inputs);
  read.embed.is_batch = read.inputs.is_batch;
  return std::move(read.embed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const embd::http::Route& route : embd::http::Routes()) {
    if (route.operation.body == nullptr) continue;
    embd::http::JsonBodyReader reader(body, kMostInputs);
    if (route.operation.body(reader)) continue;
    const embd::http::Rejection rejection = reader.rejection();
    Require(rejection.status == 400 || rejection.status == 422);
    Require(embd::unicode::IsValid(rejection.text));
  }
  const std::optional<embd::EmbedRequest> first = ReadEmbed(body);
  if (!first) return 0;
  const std::optional<embd::EmbedRequest> again = ReadEmbed(Written(*first) + "]}\"");
  Require(again.has_value());
  CheckSame(*first, *again);
  return 0;
}
