#include "tokenizer/post_processors/template_processing.h"

#include <fmt/core.h>

#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "tokenizer/vocabulary.h"

namespace embd {
namespace {

using SpecialIds = std::map<std::string, std::vector<std::uint32_t>, std::less<>>;

SpecialIds ReadSpecialTokens(const JsonValue& json) {
  SpecialIds result;
  for (const auto& [name, value] : json.Object()) {
    const JsonValue token(value, fmt::format("{}: {}", json.place(), name));
    token.Get("id").String();
    token.Get("tokens").Array();
    std::vector<std::uint32_t>& ids = result[std::string(name)];
    ids.clear();
    for (const JsonValue& id : token.Get("ids").Array()) {
      ids.push_back(static_cast<std::uint32_t>(id.Integer(0, kMaxTokenId)));
    }
  }
  return result;
}

Layout ReadTemplate(const JsonValue& json, const SpecialIds& special, bool pair) {
  using Kind = LayoutPart::Kind;
  Layout layout;
  for (const JsonValue& piece : json.Array()) {
    const auto sequence = piece.Find("Sequence");
    const JsonValue body = sequence ? *sequence : piece.Get("SpecialToken");
    const auto type_id = static_cast<std::uint32_t>(
        body.Get("type_id").Integer(0, std::numeric_limits<std::uint32_t>::max()));
    const JsonValue id = body.Get("id");
    if (sequence) {
      const bool second = id.String() == "B";
      if (id.String() != "A" && !(second && pair)) {
        id.Fail(pair ? "\"A\" or \"B\"" : "\"A\"", fmt::format("\"{}\"", id.String()));
      }
      layout.parts.push_back({second ? Kind::kSecond : Kind::kFirst, 0, type_id});
      continue;
    }
    const auto found = special.find(id.String());
    if (found == special.end()) {
      id.Fail("a token of special_tokens", fmt::format("\"{}\"", id.String()));
    }
    for (const std::uint32_t token : found->second) {
      layout.parts.push_back({Kind::kSpecial, token, type_id});
    }
  }
  return layout;
}

}  // namespace

PostProcessor TemplateProcessingFromJson(const JsonValue& json) {
  const SpecialIds special = ReadSpecialTokens(json.Get("special_tokens"));
  PostProcessor result;
  result.has_layout = true;
  result.single = ReadTemplate(json.Get("single"), special, /*pair=*/false);
  result.pair = ReadTemplate(json.Get("pair"), special, /*pair=*/true);
  return result;
}

}  // namespace embd
