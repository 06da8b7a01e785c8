#pragma once

#include <string>
#include <vector>

namespace embd {

// A component under "decoder" in tokenizer.json. Immutable after loading, shared by all threads.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Turns the spellings of tokens into what, joined, is the text; the number of parts may change.
  virtual void Decode(std::vector<std::string>& parts) const = 0;
};

}  // namespace embd
