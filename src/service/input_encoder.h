#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/embed.h"
#include "api/server_info.h"
#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace embd {

// How the inputs of a request become tokens.
struct InputOptions {
  const std::string* prompt = nullptr;  // stands before the text; null: none
  bool truncate = true;
  TruncationSide truncation_side = TruncationSide::kRight;
};

// What the model gets of an input.
struct EncodedInput {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> type_ids;
  std::uint64_t characters = 0;  // of the text before anything was cut; of ids, their number
};

// Turns inputs into tokens and checks their length. One for each thread: it keeps buffers.
class InputEncoder {
 public:
  // Both must outlive the encoder.
  InputEncoder(const Tokenizer& tokenizer, const ServerInfo& info)
      : tokenizer_(tokenizer), info_(info) {}

  // Takes the input's content, so that a text is gone once its tokens are there. Token ids are
  // decoded and tokenized again, as TEI does: what is not in the vocabulary vanishes.
  Result<EncodedInput> Encode(Input input, const InputOptions& options);

 private:
  Result<void> Tokenize(const std::string& text, bool add_special_tokens,
                        const InputOptions& options);

  const Tokenizer& tokenizer_;
  const ServerInfo& info_;
  Tokenizer::Scratch scratch_;
  Encoding encoding_;
};

}  // namespace embd
