#include "service/input_encoder.h"

#include <span>
#include <utility>
#include <variant>

#include "api/validation.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

// The part of `text` that holds its first `characters`.
std::string_view FirstCharacters(std::string_view text, std::size_t characters) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (unicode::IsContinuation(text[i])) continue;
    if (characters-- == 0) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Result<EncodedInput> InputEncoder::Encode(Input input, const InputOptions& options) {
  if (Result<void> checked = CheckNotEmpty(input); !checked) return std::move(checked).error();
  const std::size_t limit = kCharactersPerToken * info_.max_input_length;
  EncodedInput encoded;
  std::string text;
  bool add_special_tokens = true;
  if (std::string* given = std::get_if<std::string>(&input)) {
    encoded.characters = unicode::CountChars(*given);
    if (encoded.characters > limit) given->resize(FirstCharacters(*given, limit).size());
    text = std::move(*given);
  } else {
    const auto& all = std::get<std::vector<std::uint32_t>>(input);
    encoded.characters = all.size();
    // No more than could matter is decoded: a token is far shorter than what the limit grants it.
    std::span<const std::uint32_t> ids = all;
    if (ids.size() > limit) {
      ids = options.truncation_side == TruncationSide::kRight ? ids.first(limit) : ids.last(limit);
    }
    // Without a prompt the caller's own special tokens count, with one the tokenizer's.
    add_special_tokens = options.prompt != nullptr;
    text = tokenizer_.Decode(ids, /*skip_special_tokens=*/options.prompt != nullptr);
  }
  if (!options.truncate) {
    Result<void> checked = CheckCharacters(encoded.characters, info_);
    if (!checked) return std::move(checked).error();
  }
  if (options.prompt != nullptr) text.insert(0, *options.prompt);

  Result<void> done = Tokenize(text, add_special_tokens, options);
  if (!done) return std::move(done).error();
  // Copied, since these are kept in the queue: exactly as large as need be.
  encoded.ids.assign(encoding_.ids.begin(), encoding_.ids.end());
  encoded.type_ids.assign(encoding_.type_ids.begin(), encoding_.type_ids.end());
  return encoded;
}

Result<void> InputEncoder::Tokenize(const std::string& text, bool add_special_tokens,
                                    const InputOptions& options) {
  Result<void> done =
      tokenizer_.Encode(text,
                        {.add_special_tokens = add_special_tokens,
                         .max_length = options.truncate ? info_.max_input_length : 0,
                         .truncation_side = options.truncation_side},
                        scratch_, encoding_);
  if (!done) {
    Error error = std::move(done).error();
    error.message.insert(0, "tokenizer error ");
    return error;
  }
  // Ids that are all unknown decode to nothing.
  if (encoding_.ids.empty()) return EmptyInputError();
  return CheckTokens(encoding_.ids.size(), info_);
}

}  // namespace embd
