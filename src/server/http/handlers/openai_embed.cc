#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "server/http/base64.h"
#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run_embed.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

enum class Encoding : std::uint8_t { kFloat, kBase64 };

struct Body {
  InputList input;
  Encoding encoding = Encoding::kFloat;
  std::optional<std::uint32_t> dimensions;
  std::optional<bool> normalize;  // beyond TEI, which always does
};

bool ReadEncoding(BodyReader& reader, Encoding& out) {
  static constexpr std::array<std::string_view, 2> kNames = {"float", "base64"};
  std::size_t index = 0;
  if (!reader.ReadVariant(kNames, index)) return false;
  out = index == 0 ? Encoding::kFloat : Encoding::kBase64;
  return true;
}

// `model` and `user` are checked for their type and otherwise of no consequence: the server has one
// model.
bool ReadMembers(BodyReader& reader, Body& body) {
  std::optional<std::string> ignored;
  return reader.ReadStruct(
      "struct OpenAICompatRequest",
      {{"input", [&] { return ReadInputs(reader, body.input); }, true},
       {"model", [&] { return reader.ReadOptionalString(ignored); }},
       {"user", [&] { return reader.ReadOptionalString(ignored); }},
       {"encoding_format", [&] { return ReadEncoding(reader, body.encoding); }},
       {"dimensions", [&] { return reader.ReadOptionalSize(body.dimensions); }},
       {"normalize", [&] { return reader.ReadOptionalBool(body.normalize); }}});
}

void AppendEmbedding(std::string& out, std::span<const float> row, Encoding encoding) {
  if (encoding == Encoding::kFloat) return AppendFloats(out, row);
  out += '"';
  AppendBase64(out, std::as_bytes(row));
  out += '"';
}

std::string Write(const EmbedResponse& response, Encoding encoding, std::string_view model) {
  const auto columns = static_cast<std::size_t>(response.dimensions);
  const std::span<const float> values(response.values);
  constexpr std::size_t kUsualFloatChars = 14;
  std::string out;
  out.reserve(values.size() * kUsualFloatChars + model.size() + 256);
  out += R"({"object":"list","data":[)";
  for (std::size_t row = 0; row * columns < values.size(); ++row) {
    out += row > 0 ? "," : "";
    out += R"({"object":"embedding","embedding":)";
    AppendEmbedding(out, values.subspan(row * columns, columns), encoding);
    out += R"(,"index":)" + std::to_string(row) + '}';
  }
  out += R"(],"model":)";
  AppendString(out, model);
  const std::string tokens = std::to_string(response.compute.tokens);
  out += R"(,"usage":{"prompt_tokens":)" + tokens + R"(,"total_tokens":)" + tokens + "}}";
  return out;
}

}  // namespace

void HandleOpenAiEmbed(Request& request, const Context& context, const Respond& respond) {
  std::optional<Body> read = ReadBody<Body>(request, respond, ReadMembers);
  if (!read) return;
  Body& body = *read;
  EmbedRequest embed;
  embed.inputs = std::move(body.input.inputs);
  embed.is_batch = body.input.is_batch;
  embed.dimensions = body.dimensions;
  embed.normalize = body.normalize.value_or(true);
  const std::string& model = context.service.info().served_model_name;
  RunEmbed(std::move(embed), body.input.count, context, respond,
           [encoding = body.encoding, &model](const Result<EmbedResponse>& result,
                                              std::chrono::nanoseconds total) {
             if (!result) return OpenAiErrorReply(result.error(), total);
             return ComputedReply(Write(*result, encoding, model), result->compute, total);
           });
}

}  // namespace embd::http
