#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "api/embed.h"
#include "api/server_info.h"
#include "base/result.h"

namespace embd {

// The limits of a request and what is said when one is exceeded. Clients match on these messages,
// so each stands here once, spelled as in TEI. Pure functions.

using Prompts = std::map<std::string, std::string, std::less<>>;

// Text beyond this many characters for each token that an input may have is never looked at.
inline constexpr std::size_t kCharactersPerToken = 250;

// Inputs of one client request.
Result<void> CheckBatchSize(std::size_t inputs, const ServerInfo& info);

// `output_size` is what the model gives; asking for all of it is allowed.
Result<void> CheckDimensions(std::optional<std::uint32_t> dimensions, std::int64_t output_size);

// `max_tokens` is what a request wants its inputs cut to.
Result<void> CheckMaxTokens(std::optional<std::uint32_t> max_tokens, const ServerInfo& info);

// No text, or no token ids.
Result<void> CheckNotEmpty(const Input& input);
Error EmptyInputError();
Error EmptySentencesError();
Error EmptyTextsError();

// Operations that the model does not support.
Error NotEmbeddingModelError();
Error NotClassifierError();
Error NotRerankerError();
Error NotSpladeError();
Error NormalizeSpladeError();
Error EmbedAllSpladeError();
// A score that no order can be made of.
Error NanScoreError();

// The tokenizer alone.
Error EmptyTokenizeError();  // no texts
Error EmptyDecodeError();    // no lists of ids
Error EmptyDecodeIdsError();

// A prompt, be it the server's default, and an input that is a pair.
Error PromptWithPairError();

// Characters of a text, or the number of ids, of an input that may not be cut.
Result<void> CheckCharacters(std::size_t characters, const ServerInfo& info);

// The ids of a text that is to be decoded: as many as a text may have characters.
Result<void> CheckDecodeIds(std::size_t ids, const ServerInfo& info);

// Tokens of an input as the model would see it.
Result<void> CheckTokens(std::size_t tokens, const ServerInfo& info);

// What stands before every text of a request: the named prompt if one is named (it may be empty),
// else the default if that is not empty, else null. The pointer is into one of the arguments.
Result<const std::string*> ChoosePrompt(const std::optional<std::string>& name,
                                        const Prompts& prompts, const std::string& default_prompt);

}  // namespace embd
