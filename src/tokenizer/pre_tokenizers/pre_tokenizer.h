#pragma once

#include "base/result.h"
#include "tokenizer/segment.h"

namespace embd {

// A component under "pre_tokenizer" in tokenizer.json. Immutable after loading, shared by all
// threads.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  // Splits the pieces of `segment` that are not tokens into smaller ones, none of them empty, in
  // time linear in the text. May rewrite the text on the way.
  virtual Result<void> PreTokenize(Segment& segment) const = 0;
};

}  // namespace embd
