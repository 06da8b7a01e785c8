#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/input.h"
#include "api/server_info.h"
#include "api/tokenize.h"
#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace embd {

// How the inputs of a request become tokens.
struct InputOptions {
  const std::string* prompt = nullptr;  // stands before the text; null: none
  bool truncate = true;
  // Cuts to so many tokens, the special ones included, whatever `truncate` says.
  std::optional<std::uint32_t> max_tokens = {};
  TruncationSide truncation_side = TruncationSide::kRight;
};

// What the model gets of an input.
struct EncodedInput {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> type_ids;
  std::uint64_t characters = 0;  // of the text before anything was cut; of ids, their number
};

// How a text is shown as tokens.
struct TokenOptions {
  const std::string* prompt = nullptr;
  bool add_special_tokens = true;
};

// Turns inputs into tokens and checks their length. One for each thread: it keeps buffers.
class InputEncoder {
 public:
  // Both must outlive the encoder.
  InputEncoder(const Tokenizer& tokenizer, const ServerInfo& info)
      : tokenizer_(tokenizer), info_(info) {}

  // Takes the input's content, so that a text is gone once its tokens are there. Token ids are
  // decoded and tokenized again, as TEI does: what is not in the vocabulary vanishes. The special
  // tokens stay however short the input is cut.
  Result<EncodedInput> Encode(Input input, const InputOptions& options);

  // The tokens of a text, which is never cut.
  Result<std::vector<SimpleToken>> Tokens(std::string text, const TokenOptions& options);
  // The text of ids; unknown ones vanish.
  Result<std::string> Decode(std::span<const std::uint32_t> ids, bool skip_special_tokens) const;

 private:
  Result<void> Tokenize(Input& input, std::size_t characters, const InputOptions& options);

  const Tokenizer& tokenizer_;
  const ServerInfo& info_;
  Tokenizer::Scratch scratch_;
  Encoding encoding_;
};

// The tokens of an encoding with details, with the parts of `text`, which was encoded, that they
// stand for. A part that ends within a character holds U+FFFD.
std::vector<SimpleToken> TokensOf(const Encoding& encoding, std::string_view text,
                                  const Tokenizer& tokenizer);

}  // namespace embd
