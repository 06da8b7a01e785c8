#pragma once

#include "json/json_document.h"
#include "tokenizer/post_processors/post_processor.h"

namespace embd {

// ByteLevel as a post-processor: trims offsets and adds nothing.
PostProcessor ByteLevelProcessingFromJson(const JsonValue& json);

}  // namespace embd
