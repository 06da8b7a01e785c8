#include "tokenizer/post_processors/bert_processing.h"

#include <fmt/core.h>

#include "tokenizer/vocabulary.h"

namespace embd {

std::uint32_t SpecialTokenId(const JsonValue& json) {
  const std::vector<JsonValue> parts = json.Array();
  if (parts.size() != 2) json.Fail("a token and its id", fmt::format("{} values", parts.size()));
  parts[0].String();
  return static_cast<std::uint32_t>(parts[1].Integer(0, kMaxTokenId));
}

PostProcessor BertProcessingFromJson(const JsonValue& json) {
  using Kind = LayoutPart::Kind;
  const std::uint32_t sep = SpecialTokenId(json.Get("sep"));
  const std::uint32_t cls = SpecialTokenId(json.Get("cls"));
  PostProcessor result;
  result.has_layout = true;
  result.single.parts = {{Kind::kSpecial, cls, 0}, {Kind::kFirst, 0, 0}, {Kind::kSpecial, sep, 0}};
  result.pair.parts = result.single.parts;
  result.pair.parts.push_back({Kind::kSecond, 0, 1});
  result.pair.parts.push_back({Kind::kSpecial, sep, 1});
  return result;
}

}  // namespace embd
