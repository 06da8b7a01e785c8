#pragma once

#include <cstdint>

#include "tokenizer/post_processors/post_processor.h"

namespace embd {

// A token after each sequence: `first <id>`, and of a pair `first <id> second <id>` with type ids 0
// and 1. No type of component in tokenizer.json: some models bring it as code of their own.
PostProcessor EndOfTextProcessing(std::uint32_t id);

}  // namespace embd
