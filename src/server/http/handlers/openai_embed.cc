#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "server/http/base64.h"
#include "server/http/handlers/handlers.h"
#include "server/http/handlers/read_body.h"
#include "server/http/handlers/run.h"
#include "server/http/json_read.h"
#include "server/http/json_write.h"

namespace embd::http {
namespace {

enum class Encoding : std::uint8_t { kFloat, kBase64 };

struct OpenaiEmbedBody {
  InputList input;
  Encoding encoding = Encoding::kFloat;
  std::optional<std::uint32_t> dimensions;
  // Beyond TEI, which always normalises and cuts as the server was started.
  std::optional<bool> normalize;
  std::optional<std::int64_t> max_tokens;  // kLongest: what the model takes
};

bool ReadEncoding(BodyReader& reader, Encoding& out) {
  static constexpr std::array<std::string_view, 2> kNames = {"float", "base64"};
  auto index = static_cast<std::size_t>(out);
  if (!reader.ReadVariant(kNames, index)) return false;
  out = index == 0 ? Encoding::kFloat : Encoding::kBase64;
  return true;
}

constexpr std::int64_t kLongest = -1;
constexpr Shape kLengthShape = {
    "TruncatePromptTokens",
    R"({"type":"integer","minimum":-1,"not":{"enum":[0]},"nullable":true})"};
constexpr std::string_view kNoLength = "invalid value, expected -1 or a number of tokens";

// At least 1, or kLongest.
bool ReadLength(BodyReader& reader, std::optional<std::int64_t>& out) {
  return reader.ReadShape(kLengthShape, [&](JsonBodyReader& json) {
    char first = 0;
    if (!json.cursor().Peek(first)) return false;
    if (first != '-') {
      std::optional<std::uint32_t> size;
      if (!json.ReadOptionalSize(size)) return false;
      if (size) out = *size;
      return size != 0U || json.cursor().RefuseShape(std::string(kNoLength));
    }
    JsonNumber number;
    if (!json.cursor().ReadNumber(number)) return false;
    const auto* whole = std::get_if<std::int64_t>(&number);
    if (whole == nullptr || *whole != kLongest) {
      return json.cursor().RefuseShape(std::string(kNoLength));
    }
    out = kLongest;
    return true;
  });
}

// `model` and `user` are checked for their type and otherwise of no consequence: the server has one
// model.
bool ReadOpenaiEmbedMembers(BodyReader& reader, OpenaiEmbedBody& body) {
  std::optional<std::string> ignored;
  return reader.ReadStruct(
      "struct OpenAICompatRequest",
      {{"input", [&] { return ReadInputs(reader, body.input); }, BodyReader::kRequired},
       {"model", [&] { return reader.ReadOptionalString(ignored); }},
       {"user", [&] { return reader.ReadOptionalString(ignored); }},
       {"encoding_format", [&] { return ReadEncoding(reader, body.encoding); },
        BodyReader::kOptional, "How vectors are written; base64 is of little-endian float32."},
       {"dimensions", [&] { return reader.ReadOptionalSize(body.dimensions, /*least=*/1); },
        BodyReader::kOptional, kAboutDimensions},
       {"normalize", [&] { return reader.ReadOptionalBool(body.normalize); }, BodyReader::kOptional,
        "Give vectors of length 1. Default: true."},
       {"truncate_prompt_tokens", [&] { return ReadLength(reader, body.max_tokens); },
        BodyReader::kOptional,
        "Cut each input to so many tokens, special ones included; -1: to what the model takes."}});
}

std::optional<std::uint32_t> MaxTokens(const OpenaiEmbedBody& body, const ServerInfo& info) {
  if (!body.max_tokens) return {};
  if (*body.max_tokens == kLongest) return info.max_input_length;
  return static_cast<std::uint32_t>(*body.max_tokens);
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

void HandleOpenaiEmbed(Request& request, const Context& context, const Respond& respond) {
  std::optional<OpenaiEmbedBody> body =
      ReadBody<OpenaiEmbedBody>(request, context, respond, ReadOpenaiEmbedMembers);
  if (!body) return;
  EmbedRequest embed;
  GiveInputs(body->input, embed);
  embed.dimensions = body->dimensions;
  embed.normalize = body->normalize.value_or(true);
  const ServerInfo& info = context.service.info();
  embed.max_tokens = MaxTokens(*body, info);
  const std::string& model = info.served_model_name;
  Run(&Service::Embed, std::move(embed), context, respond, ErrorStyle::kOpenAi,
      [encoding = body->encoding, &model](const EmbedResponse& response) {
        return Write(response, encoding, model);
      });
}

}  // namespace

const Operation kOpenAiEmbed = {
    .handle = HandleOpenaiEmbed,
    .span = "openai_embed",
    .tag = "OpenAI",
    .summary = "Get a vector for each input, as OpenAI's clients ask for it",
    .work = Work::kModel,
    .body = Describe<ReadOpenaiEmbedMembers>,
    .example = R"({"input":"What is Deep Learning?"})",
    .answer = {"OpenAICompatResponse",
               R"({"type":"object","required":["object","data","model","usage"],)"
               R"("additionalProperties":false,"properties":{)"
               R"("object":{"type":"string","enum":["list"]},)"
               R"("data":{"type":"array","items":{"type":"object",)"
               R"("required":["object","embedding","index"],"additionalProperties":false,)"
               R"("properties":{"object":{"type":"string","enum":["embedding"]},)"
               R"("embedding":{"oneOf":[)"
               R"({"type":"array","items":{"$ref":"#/components/schemas/Float"}},)"
               R"({"type":"string","format":"byte"}]},)"
               R"("index":{"type":"integer","minimum":0}}}},)"
               R"("model":{"type":"string"},"usage":{"$ref":"#/components/schemas/Usage"}}})"},
    .errors = ErrorStyle::kOpenAi,
};

}  // namespace embd::http
