#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/segment.h"
#include "tokenizer/vocabulary.h"

namespace embd {

struct ModelScratch;  // models/model_scratch.h

// The component under "model" in tokenizer.json. Immutable after loading, shared by all threads.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the tokens of each of `words`, pieces of `text` that are no tokens yet.
  virtual Result<void> Tokenize(std::string_view text, std::span<const Piece> words,
                                ModelScratch& scratch, std::vector<Token>& out) const = 0;
  virtual std::optional<std::uint32_t> TokenToId(std::string_view token) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
  // Bytes that its tables occupy.
  virtual std::size_t resident_bytes() const = 0;
  // Bytes of what the file says, written plainly: the text of each token with its id (4) or score
  // (8), and 8 for each merge.
  virtual std::size_t vocabulary_bytes() const {
    return vocabulary().text_bytes() + vocabulary().size() * sizeof(std::uint32_t);
  }

  // Called while loading, when the pre-tokenizer ends by writing bytes as characters: a model that
  // would rather have the bytes does so from now on and returns true.
  virtual bool ReadBytes() { return false; }
};

}  // namespace embd
