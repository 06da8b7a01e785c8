#include "tokenizer/post_processors/sequence_processing.h"

namespace embd {

PostProcessor SequenceProcessing(const JsonValue& json, const std::vector<PostProcessor>& steps) {
  PostProcessor result;
  for (const PostProcessor& step : steps) {
    result.trims.insert(result.trims.end(), step.trims.begin(), step.trims.end());
    if (!step.has_layout) continue;
    if (result.has_layout) {
      json.Fail("at most one processor that adds special tokens", "a second one");
    }
    result.has_layout = true;
    result.single = step.single;
    result.pair = step.pair;
  }
  return result;
}

}  // namespace embd
