#include "service/input_encoder.h"

#include <algorithm>
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

// What the tokenizer says is named as its own.
Result<void> Named(Result<void> done) {
  if (done) return done;
  Error error = std::move(done).error();
  error.message.insert(0, "tokenizer error ");
  return error;
}

std::uint64_t CharactersOf(const Input& input) {
  if (const auto* text = std::get_if<std::string>(&input)) return unicode::CountChars(*text);
  if (const auto* pair = std::get_if<TextPair>(&input)) {
    return unicode::CountChars(pair->first) + unicode::CountChars(pair->second);
  }
  return std::get<std::vector<std::uint32_t>>(input).size();
}

bool MayCut(const InputOptions& options) { return options.truncate || options.max_tokens; }

void KeepCharacters(std::string& text, std::size_t characters) {
  text.resize(FirstCharacters(text, characters).size());
}

}  // namespace

Result<EncodedInput> InputEncoder::Encode(Input input, const InputOptions& options) {
  if (Result<void> checked = CheckNotEmpty(input); !checked) return std::move(checked).error();
  EncodedInput encoded;
  encoded.characters = CharactersOf(input);
  if (!MayCut(options)) {
    Result<void> checked = CheckCharacters(encoded.characters, info_);
    if (!checked) return std::move(checked).error();
  }
  Result<void> done = Tokenize(input, encoded.characters, options);
  if (!done) return std::move(done).error();
  // Ids that are all unknown decode to nothing.
  if (encoding_.ids.empty()) return EmptyInputError();
  done = CheckTokens(encoding_.ids.size(), info_);
  if (!done) return std::move(done).error();
  // Copied, since these are kept in the queue: exactly as large as need be.
  encoded.ids.assign(encoding_.ids.begin(), encoding_.ids.end());
  encoded.type_ids.assign(encoding_.type_ids.begin(), encoding_.type_ids.end());
  return encoded;
}

Result<void> InputEncoder::Tokenize(Input& input, std::size_t characters,
                                    const InputOptions& options) {
  const std::size_t limit = kCharactersPerToken * info_.max_input_length;
  const std::uint32_t longest = info_.max_input_length;
  const std::uint32_t cut = std::min(options.max_tokens.value_or(longest), longest);
  EncodeOptions encode = {.add_special_tokens = true,
                          .max_length = MayCut(options) ? cut : 0,
                          .truncation_side = options.truncation_side};
  if (auto* const pair = std::get_if<TextPair>(&input)) {
    if (options.prompt != nullptr) return PromptWithPairError();
    if (characters > limit) {
      KeepCharacters(pair->first, limit / 2);
      KeepCharacters(pair->second, limit / 2);
    }
    return Named(tokenizer_.EncodePair(pair->first, pair->second, encode, scratch_, encoding_));
  }
  std::string text;
  if (auto* const given = std::get_if<std::string>(&input)) {
    if (characters > limit) KeepCharacters(*given, limit);
    text = std::move(*given);
  } else {
    // No more than could matter is decoded: a token is far shorter than what the limit grants it.
    std::span<const std::uint32_t> ids = std::get<std::vector<std::uint32_t>>(input);
    if (ids.size() > limit) {
      ids = options.truncation_side == TruncationSide::kRight ? ids.first(limit) : ids.last(limit);
    }
    // Without a prompt the caller's own special tokens count, with one the tokenizer's.
    encode.add_special_tokens = options.prompt != nullptr;
    text = tokenizer_.Decode(ids, /*skip_special_tokens=*/options.prompt != nullptr);
  }
  if (options.prompt != nullptr) text.insert(0, *options.prompt);
  return Named(tokenizer_.Encode(text, encode, scratch_, encoding_));
}

Result<std::vector<SimpleToken>> InputEncoder::Tokens(std::string text,
                                                      const TokenOptions& options) {
  if (Result<void> checked = CheckNotEmpty(text); !checked) return std::move(checked).error();
  Result<void> done = CheckCharacters(unicode::CountChars(text), info_);
  if (!done) return std::move(done).error();
  if (options.prompt != nullptr) text.insert(0, *options.prompt);
  done = Named(
      tokenizer_.Encode(text, {.add_special_tokens = options.add_special_tokens, .details = true},
                        scratch_, encoding_));
  if (!done) return std::move(done).error();
  return TokensOf(encoding_, text, tokenizer_);
}

Result<std::string> InputEncoder::Decode(std::span<const std::uint32_t> ids,
                                         bool skip_special_tokens) const {
  if (ids.empty()) return EmptyDecodeIdsError();
  if (Result<void> checked = CheckDecodeIds(ids.size(), info_); !checked) {
    return std::move(checked).error();
  }
  return tokenizer_.Decode(ids, skip_special_tokens);
}

std::vector<SimpleToken> TokensOf(const Encoding& encoding, std::string_view text,
                                  const Tokenizer& tokenizer) {
  std::vector<SimpleToken> tokens(encoding.ids.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    SimpleToken& token = tokens[i];
    token.id = encoding.ids[i];
    token.special = encoding.special_tokens_mask[i] != 0;
    if (token.special) {
      token.text = tokenizer.IdToToken(token.id);
      continue;
    }
    const ByteRange range = encoding.offsets[i];
    token.text = unicode::Lossy(text.substr(range.begin, range.end - range.begin));
    token.range = range;
  }
  return tokens;
}

}  // namespace embd
