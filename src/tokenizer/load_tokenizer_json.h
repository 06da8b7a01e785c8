#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "json/json_document.h"
#include "tokenizer/added_vocabulary.h"
#include "tokenizer/decoders/decoder.h"
#include "tokenizer/models/model.h"
#include "tokenizer/normalizers/normalizer.h"
#include "tokenizer/post_processors/post_processor.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"
#include "tokenizer/tokenizer.h"

namespace embd {

// The components of a tokenizer.json. Those that are optional there may be null.
struct TokenizerParts {
  std::unique_ptr<Normalizer> normalizer;
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  std::unique_ptr<TokenModel> model;
  PostProcessor post_processor;
  std::unique_ptr<Decoder> decoder;
  AddedVocabulary added_vocabulary;
};

// Throws LoadError for a component that is malformed, or of a type that is not known here.
TokenizerParts LoadTokenizerJson(const JsonValue& root, const TokenizerOptions& options = {});
// The same for a file's content; `origin` names it in messages.
TokenizerParts LoadTokenizerText(std::string_view text, std::string origin,
                                 const TokenizerOptions& options);

}  // namespace embd
