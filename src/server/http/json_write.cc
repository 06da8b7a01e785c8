#include "server/http/json_write.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <optional>

#include "server/error_map.h"

namespace embd::http {
namespace {

char* Put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* PutZeros(char* out, int count) {
  std::memset(out, '0', static_cast<std::size_t>(count));
  return out + count;
}

// The shortest digits d1 d2 ... dn of a positive number and where its point is: 0.d1d2...dn *
// 10^point.
struct Decimal {
  std::array<char, 10> digits;
  int count = 0;
  int point = 0;
  std::string_view view(int begin, int end) const {
    return {digits.data() + begin, static_cast<std::size_t>(end - begin)};
  }
};

Decimal ShortestDecimal(float positive) {
  // d.ddde[+-]xx
  std::array<char, 24> text;
  const char* const end =
      std::to_chars(text.data(), text.data() + text.size(), positive, std::chars_format::scientific)
          .ptr;
  Decimal decimal;
  const char* p = text.data();
  for (; *p != 'e'; ++p) {
    if (*p != '.') decimal.digits[static_cast<std::size_t>(decimal.count++)] = *p;
  }
  ++p;
  if (*p == '+') ++p;
  int exponent = 0;
  std::from_chars(p, end, exponent);
  decimal.point = exponent + 1;
  return decimal;
}

char* PutScientific(char* out, const Decimal& decimal) {
  *out++ = decimal.digits[0];
  if (decimal.count > 1) {
    *out++ = '.';
    out = Put(out, decimal.view(1, decimal.count));
  }
  *out++ = 'e';
  return std::to_chars(out, out + 4, decimal.point - 1).ptr;
}

// Where fmt lays the same digits out in the same way, but for whole numbers. It finds them in
// two thirds of the time of std::to_chars.
bool IsUsual(float magnitude) { return magnitude >= 1e-4F && magnitude < 1e6F; }

char* PutUsual(char* out, float value) {
  char* const end = fmt::format_to(out, FMT_COMPILE("{}"), value);
  const std::string_view text(out, static_cast<std::size_t>(end - out));
  return text.find('.') == std::string_view::npos ? Put(end, ".0") : end;
}

char* PutFloat(char* out, float value) {
  if (IsUsual(std::fabs(value))) return PutUsual(out, value);
  if (!std::isfinite(value)) return Put(out, "null");
  if (std::signbit(value)) *out++ = '-';
  if (value == 0) return Put(out, "0.0");
  const Decimal decimal = ShortestDecimal(std::fabs(value));
  const int point = decimal.point;
  constexpr int kMostWholeDigits = 13;
  constexpr int kMostLeadingZeros = 5;
  if (point > kMostWholeDigits || point < -kMostLeadingZeros) return PutScientific(out, decimal);
  if (point <= 0) {
    out = PutZeros(Put(out, "0."), -point);
    return Put(out, decimal.view(0, decimal.count));
  }
  if (point >= decimal.count) {
    out = PutZeros(Put(out, decimal.view(0, decimal.count)), point - decimal.count);
    return Put(out, ".0");
  }
  out = Put(out, decimal.view(0, point));
  *out++ = '.';
  return Put(out, decimal.view(point, decimal.count));
}

// `begin` of the escape for `byte`, or '\0' when it stands for itself; 'u' for \u00XX.
char EscapeOf(unsigned char byte) {
  switch (byte) {
    case '"':
    case '\\':
      return static_cast<char>(byte);
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return byte < 0x20 ? 'u' : '\0';
  }
}

void AppendOptional(std::string& out, const std::optional<std::string>& text) {
  if (text) {
    AppendString(out, *text);
  } else {
    out += "null";
  }
}

std::string_view PoolingName(Pooling pooling) {
  switch (pooling) {
    case Pooling::kCls:
      return "cls";
    case Pooling::kMean:
      return "mean";
    case Pooling::kSplade:
      return "splade";
    case Pooling::kLastToken:
      return "last_token";
  }
  return "mean";
}

void AppendKey(std::string& out, std::string_view key) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":";
}

void AppendModelType(std::string& out, const ServerInfo& info) {
  if (info.task == ModelTask::kEmbedding) {
    out += R"({"embedding":{"pooling":)";
    AppendString(out, PoolingName(info.pooling));
    out += "}}";
    return;
  }
  std::string ids;
  out += info.task == ModelTask::kClassifier ? R"({"classifier":{"id2label":{)"
                                             : R"({"reranker":{"id2label":{)";
  for (std::size_t i = 0; i < info.labels.size(); ++i) {
    const std::string id = std::to_string(i);
    AppendKey(out, id);
    AppendString(out, info.labels[i]);
    if (i > 0) ids += ',';
    AppendString(ids, info.labels[i]);
    ids += ':' + id;
  }
  out += R"(},"label2id":{)" + ids + "}}}";
}

// [[...],...] of rows of so many columns.
void AppendRows(std::string& out, std::span<const float> values, std::size_t columns) {
  out += '[';
  for (std::size_t begin = 0; columns > 0 && begin < values.size(); begin += columns) {
    if (begin > 0) out += ',';
    AppendFloats(out, values.subspan(begin, columns));
  }
  out += ']';
}

// What a component of a unit vector usually takes, with its comma.
constexpr std::size_t kUsualFloatChars = 14;

}  // namespace

void AppendFloat(std::string& out, float value) {
  std::array<char, kMaxFloatChars> text;
  out.append(text.data(), PutFloat(text.data(), value));
}

void AppendFloats(std::string& out, std::span<const float> values) {
  constexpr std::size_t kBlock = 64;
  std::array<char, kBlock*(kMaxFloatChars + 1)> text;
  out += '[';
  for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
    char* end = text.data();
    for (const float value : values.subspan(begin, std::min(kBlock, values.size() - begin))) {
      end = PutFloat(end, value);
      *end++ = ',';
    }
    out.append(text.data(), end);
  }
  if (values.empty()) {
    out += ']';
  } else {
    out.back() = ']';
  }
}

void AppendString(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = EscapeOf(byte);
    if (escape == '\0') continue;
    out.append(text, written, i - written);
    written = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  out.append(text, written);
  out += '"';
}

std::string WriteEmbeddings(const EmbedResponse& response) {
  std::string out;
  out.reserve(response.values.size() * kUsualFloatChars + 16);
  AppendRows(out, response.values, static_cast<std::size_t>(response.dimensions));
  return out;
}

std::string WriteTokenEmbeddings(const EmbedTokensResponse& response) {
  const auto columns = static_cast<std::size_t>(response.dimensions);
  const std::span<const float> values(response.values);
  std::string out;
  out.reserve(values.size() * kUsualFloatChars + 16);
  out += '[';
  std::size_t begin = 0;
  for (const std::size_t end : response.ends) {
    if (out.back() != '[') out += ',';
    AppendRows(out, values.subspan(begin * columns, (end - begin) * columns), columns);
    begin = end;
  }
  return out += ']';
}

std::string WriteSparseEmbeddings(const EmbedSparseResponse& response) {
  constexpr std::size_t kUsualPairChars = 40;
  std::string out;
  out.reserve(response.values.size() * kUsualPairChars + 4 * response.ends.size() + 16);
  out += '[';
  std::size_t begin = 0;
  for (const std::size_t end : response.ends) {
    if (out.back() != '[') out += ',';
    out += '[';
    for (; begin < end; ++begin) {
      if (out.back() != '[') out += ',';
      out += R"({"index":)";
      out += fmt::format_int(response.values[begin].index).c_str();
      out += R"(,"value":)";
      AppendFloat(out, response.values[begin].value);
      out += '}';
    }
    out += ']';
  }
  return out += ']';
}

std::string WritePredictions(const PredictResponse& response,
                             const std::vector<std::string>& labels, bool is_batch) {
  std::string out = is_batch ? "[" : "";
  for (std::size_t i = 0; i < response.predictions.size(); ++i) {
    const Prediction& prediction = response.predictions[i];
    const bool first = i % response.labels == 0;
    if (first && i > 0) out += "],";
    out += first ? R"([{"score":)" : R"(,{"score":)";
    AppendFloat(out, prediction.score);
    out += R"(,"label":)";
    AppendString(out, labels[prediction.label]);
    out += '}';
  }
  if (!response.predictions.empty()) out += ']';
  return is_batch ? out + "]" : out;
}

std::string WriteRanks(const RerankResponse& response, const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const Rank& rank : response.ranks) {
    out += out.back() == '[' ? R"({"index":)" : R"(,{"index":)";
    out += fmt::format_int(rank.index).c_str();
    if (!texts.empty()) {
      out += R"(,"text":)";
      AppendString(out, texts[rank.index]);
    }
    out += R"(,"score":)";
    AppendFloat(out, rank.score);
    out += '}';
  }
  return out + "]";
}

std::string WriteTokens(const TokenizeResponse& response) {
  std::string out = "[";
  for (const std::vector<SimpleToken>& tokens : response.tokens) {
    out += out.back() == '[' ? "[" : ",[";
    for (const SimpleToken& token : tokens) {
      out += out.back() == '[' ? R"({"id":)" : R"(,{"id":)";
      out += fmt::format_int(token.id).c_str();
      out += R"(,"text":)";
      AppendString(out, token.text);
      out += token.special ? R"(,"special":true)" : R"(,"special":false)";
      if (token.range) {
        fmt::format_to(std::back_inserter(out), FMT_COMPILE(R"(,"start":{},"stop":{}}})"),
                       token.range->begin, token.range->end);
      } else {
        out += R"(,"start":null,"stop":null})";
      }
    }
    out += ']';
  }
  return out + "]";
}

std::string WriteTexts(const DecodeResponse& response) {
  std::string out = "[";
  for (std::size_t i = 0; i < response.texts.size(); ++i) {
    if (i > 0) out += ',';
    AppendString(out, response.texts[i]);
  }
  return out + "]";
}

std::string WriteInfo(const ServerInfo& info) {
  std::string out = "{";
  const auto text = [&](std::string_view key, std::string_view value) {
    AppendKey(out, key);
    AppendString(out, value);
  };
  const auto number = [&](std::string_view key, std::uint32_t value) {
    AppendKey(out, key);
    out += std::to_string(value);
  };
  text("model_id", info.model_id);
  AppendKey(out, "model_sha");
  AppendOptional(out, info.model_sha);
  text("model_dtype", info.model_dtype);
  text("served_model_name", info.served_model_name);
  AppendKey(out, "model_type");
  AppendModelType(out, info);
  number("max_concurrent_requests", info.max_concurrent_requests);
  number("max_input_length", info.max_input_length);
  number("max_batch_tokens", info.max_batch_tokens);
  AppendKey(out, "max_batch_requests");
  out += info.max_batch_requests ? std::to_string(*info.max_batch_requests) : "null";
  number("max_client_batch_size", info.max_client_batch_size);
  AppendKey(out, "auto_truncate");
  out += info.auto_truncate ? "true" : "false";
  number("tokenization_workers", info.tokenization_workers);
  text("version", info.version);
  AppendKey(out, "sha");
  AppendOptional(out, info.sha);
  AppendKey(out, "docker_label");
  AppendOptional(out, info.docker_label);
  return out + "}";
}

std::string WriteOpenAiError(const Error& error) {
  const ErrorMapping& mapping = MapError(error.kind);
  std::string out = R"({"message":)";
  AppendString(out, error.message);
  out += R"(,"code":)" + std::to_string(mapping.http_status) + R"(,"type":)";
  AppendString(out, mapping.type);
  return out + "}";
}

std::string WriteError(const Error& error) {
  std::string out = R"({"error":)";
  AppendString(out, error.message);
  out += R"(,"error_type":)";
  AppendString(out, MapError(error.kind).type);
  return out + "}";
}

}  // namespace embd::http
