#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "json/json_document.h"
#include "tokenizer/models/model.h"
#include "tokenizer/token_index.h"

namespace embd {

// WordLevel: every word is one token, or the unknown one.
class WordLevel : public TokenModel {
 public:
  static std::unique_ptr<TokenModel> FromJson(const JsonValue& json);
  // With `vocabulary` in place of json's own.
  static std::unique_ptr<TokenModel> FromVocabulary(const JsonValue& json, Vocabulary vocabulary);

  Result<void> Tokenize(std::string_view text, std::span<const Piece> words, ModelScratch& scratch,
                        std::vector<Token>& out) const override;
  std::optional<std::uint32_t> TokenToId(std::string_view token) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::size_t resident_bytes() const override {
    return vocabulary_.resident_bytes() + index_.resident_bytes();
  }

 private:
  WordLevel(const JsonValue& json, Vocabulary vocabulary);

  Vocabulary vocabulary_;
  TokenIndex index_;
  std::uint32_t unknown_;  // or TokenIndex::kNone
};

}  // namespace embd
