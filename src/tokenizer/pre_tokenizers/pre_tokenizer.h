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

  // Whether the text must be tracked even when nobody asks for offsets.
  virtual bool NeedsOrigins() const { return false; }
  // Whether its last step writes bytes as characters (byte_level_alphabet.h). When the model would
  // rather have the bytes, KeepBytes is called while loading: from now on that is left out.
  virtual bool EndsWithByteChars() const { return false; }
  virtual void KeepBytes() {}
};

}  // namespace embd
