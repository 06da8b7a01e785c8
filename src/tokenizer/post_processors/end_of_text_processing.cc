#include "tokenizer/post_processors/end_of_text_processing.h"

namespace embd {

PostProcessor EndOfTextProcessing(std::uint32_t id) {
  using Kind = LayoutPart::Kind;
  PostProcessor result;
  result.has_layout = true;
  result.single.parts = {{Kind::kFirst, 0, 0}, {Kind::kSpecial, id, 0}};
  result.pair.parts = result.single.parts;
  result.pair.parts.push_back({Kind::kSecond, 0, 1});
  result.pair.parts.push_back({Kind::kSpecial, id, 1});
  return result;
}

}  // namespace embd
