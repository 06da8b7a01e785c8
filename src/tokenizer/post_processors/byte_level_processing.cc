#include "tokenizer/post_processors/byte_level_processing.h"

namespace embd {

PostProcessor ByteLevelProcessingFromJson(const JsonValue& json) {
  PostProcessor result;
  const bool keep_added_space = json.Get("add_prefix_space").Bool();
  if (json.Get("trim_offsets").Bool()) result.trims.push_back({keep_added_space});
  return result;
}

}  // namespace embd
