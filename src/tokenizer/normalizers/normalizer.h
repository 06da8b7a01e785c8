#pragma once

#include <cstddef>

#include "base/result.h"
#include "tokenizer/normalized_text.h"

namespace embd {

// A component under "normalizer" in tokenizer.json. Immutable after loading, shared by all threads.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  // Rewrites `text`, valid UTF-8, in time linear in it; `spare` is a buffer to work with.
  virtual Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const = 0;
  // Bytes that its tables from the file occupy.
  virtual std::size_t resident_bytes() const { return 0; }
};

}  // namespace embd
