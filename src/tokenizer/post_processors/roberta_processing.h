#pragma once

#include "json/json_document.h"
#include "tokenizer/post_processors/post_processor.h"

namespace embd {

// RobertaProcessing: <s> first </s> </s> second </s>, every type id 0; may trim offsets.
PostProcessor RobertaProcessingFromJson(const JsonValue& json);

}  // namespace embd
