#pragma once

#include <vector>

#include "json/json_document.h"
#include "tokenizer/post_processors/post_processor.h"

namespace embd {

// Sequence of post-processors as one. `json` is its place in the file: throws LoadError when more
// than one of `steps` lays out tokens, for which the reference has no sensible meaning.
PostProcessor SequenceProcessing(const JsonValue& json, const std::vector<PostProcessor>& steps);

}  // namespace embd
