#pragma once

#include "json/json_document.h"
#include "tokenizer/post_processors/post_processor.h"

namespace embd {

// BertProcessing: [CLS] first [SEP] second [SEP].
PostProcessor BertProcessingFromJson(const JsonValue& json);

// The id of ["token", id], as these components write their special tokens.
std::uint32_t SpecialTokenId(const JsonValue& json);

}  // namespace embd
