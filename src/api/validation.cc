#include "api/validation.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace embd {
namespace {

constexpr const char* kPrefix = "Input validation error: ";

Error ValidationError(std::string message) {
  return {.kind = ErrorKind::kValidation, .message = kPrefix + std::move(message)};
}

Error UnsupportedError(const char* message) {
  return {.kind = ErrorKind::kBackend, .message = std::string("Backend error: ") + message};
}

// Names in the notation of a list of quoted strings: ["a", "b"].
std::string ListOfNames(const Prompts& prompts) {
  std::string list = "[";
  for (const auto& [name, text] : prompts) {
    if (list.size() > 1) list += ", ";
    list += '"';
    for (const char c : name) {
      if (c == '"' || c == '\\') list += '\\';
      list += c;
    }
    list += '"';
  }
  return list + "]";
}

// What an input may be long at most.
Result<void> CheckLength(std::string_view field, std::string_view unit, std::size_t given,
                         std::size_t limit) {
  if (given <= limit) return {};
  return ValidationError(
      fmt::format("`{}` must have less than {} {}. Given: {}", field, limit, unit, given));
}

}  // namespace

Result<void> CheckBatchSize(std::size_t inputs, const ServerInfo& info) {
  if (inputs <= info.max_client_batch_size) return {};
  return Error{.kind = ErrorKind::kValidation,
               .message = fmt::format("batch size {} > maximum allowed batch size {}", inputs,
                                      info.max_client_batch_size)};
}

Result<void> CheckDimensions(std::optional<std::uint32_t> dimensions, std::int64_t output_size) {
  if (!dimensions) return {};
  if (*dimensions == 0) return ValidationError("`dimensions` should be positive");
  if (*dimensions > output_size) {
    return ValidationError("`dimensions` should be smaller than the maximum embedding dimension.");
  }
  return {};
}

Result<void> CheckMaxTokens(std::optional<std::uint32_t> max_tokens, const ServerInfo& info) {
  if (!max_tokens || *max_tokens <= info.max_input_length) return {};
  return ValidationError(fmt::format(
      "`truncate_prompt_tokens` must not be larger than the {} tokens of the longest input. "
      "Given: {}",
      info.max_input_length, *max_tokens));
}

Error EmptySentencesError() {
  return {.kind = ErrorKind::kEmpty, .message = "`inputs.sentences` cannot be empty"};
}

Error EmptyInputError() {
  return {.kind = ErrorKind::kEmpty, .message = std::string(kPrefix) + "`inputs` cannot be empty"};
}

Error EmptyTextsError() {
  return {.kind = ErrorKind::kEmpty, .message = "`texts` cannot be empty"};
}

Error NotEmbeddingModelError() { return UnsupportedError("Model is not an embedding model"); }

Error NotClassifierError() { return UnsupportedError("Model is not a classifier model"); }

Error NotRerankerError() { return UnsupportedError("model is not a re-ranker model"); }

Error NotSpladeError() {
  return UnsupportedError("Model is not an embedding model with SPLADE pooling");
}

Error NormalizeSpladeError() {
  return UnsupportedError("`normalize` is not available for SPLADE models");
}

Error EmbedAllSpladeError() {
  return UnsupportedError("`embed_all` is not available for SPLADE models");
}

Error NanScoreError() { return {.kind = ErrorKind::kBackend, .message = "score is NaN"}; }

Error EmptyTokenizeError() {
  return {.kind = ErrorKind::kEmpty, .message = "`inputs` cannot be empty"};
}

Error EmptyDecodeError() { return {.kind = ErrorKind::kEmpty, .message = "`ids` cannot be empty"}; }

Error EmptyDecodeIdsError() {
  return {.kind = ErrorKind::kEmpty,
          .message = std::string(kPrefix) + "`input_ids` cannot be empty"};
}

Error PromptWithPairError() {
  return ValidationError("`prompt_name` cannot be set with dual inputs");
}

Result<void> CheckNotEmpty(const Input& input) {
  if (std::visit([](const auto& content) { return content.empty(); }, input)) {
    return EmptyInputError();
  }
  return {};
}

Result<void> CheckCharacters(std::size_t characters, const ServerInfo& info) {
  return CheckLength("inputs", "characters", characters,
                     kCharactersPerToken * info.max_input_length);
}

Result<void> CheckDecodeIds(std::size_t ids, const ServerInfo& info) {
  return CheckLength("ids", "tokens", ids, kCharactersPerToken * info.max_input_length);
}

Result<void> CheckTokens(std::size_t tokens, const ServerInfo& info) {
  return CheckLength("inputs", "tokens", tokens, info.max_input_length);
}

Result<const std::string*> ChoosePrompt(const std::optional<std::string>& name,
                                        const Prompts& prompts, const std::string& default_prompt) {
  if (!name) return default_prompt.empty() ? nullptr : &default_prompt;
  if (const auto found = prompts.find(*name); found != prompts.end()) return &found->second;
  if (prompts.empty()) {
    return ValidationError(fmt::format(
        "`default-prompt-name` is set to `{}` but no prompts were found in the Sentence "
        "Transformers configuration",
        *name));
  }
  return ValidationError(
      fmt::format("`default-prompt-name` is set to `{}` but it was not found in the Sentence "
                  "Transformers prompts. Available prompts: {}",
                  *name, ListOfNames(prompts)));
}

}  // namespace embd
