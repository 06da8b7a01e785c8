#pragma once

#include "json/json_document.h"
#include "tokenizer/post_processors/post_processor.h"

namespace embd {

// TemplateProcessing: the file spells out both layouts; a special token may stand for several ids.
PostProcessor TemplateProcessingFromJson(const JsonValue& json);

}  // namespace embd
