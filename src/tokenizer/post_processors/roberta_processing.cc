#include "tokenizer/post_processors/roberta_processing.h"

#include "tokenizer/post_processors/bert_processing.h"

namespace embd {

PostProcessor RobertaProcessingFromJson(const JsonValue& json) {
  using Kind = LayoutPart::Kind;
  const std::uint32_t sep = SpecialTokenId(json.Get("sep"));
  const std::uint32_t cls = SpecialTokenId(json.Get("cls"));
  PostProcessor result;
  result.has_layout = true;
  result.single.parts = {{Kind::kSpecial, cls, 0}, {Kind::kFirst, 0, 0}, {Kind::kSpecial, sep, 0}};
  result.pair.parts = result.single.parts;
  result.pair.parts.insert(
      result.pair.parts.end(),
      {{Kind::kSpecial, sep, 0}, {Kind::kSecond, 0, 0}, {Kind::kSpecial, sep, 0}});
  const bool keep_added_space = json.Get("add_prefix_space").Bool();
  if (json.Get("trim_offsets").Bool()) result.trims.push_back({keep_added_space});
  return result;
}

}  // namespace embd
