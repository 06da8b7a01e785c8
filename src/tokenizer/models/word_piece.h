#pragma once

#include <cstdint>
#include <memory>

#include "json/json_document.h"
#include "tokenizer/models/model.h"
#include "tokenizer/trie.h"

namespace embd {

// WordPiece: the longest token that starts the word, then the longest continuing token (spelt with
// a prefix, "##", in the vocabulary) that starts the rest, and so on. A word of which some rest has
// no token, or that has too many characters, is one unknown token.
class WordPiece : public TokenModel {
 public:
  static std::unique_ptr<TokenModel> FromJson(const JsonValue& json);
  // With `vocabulary` in place of json's own.
  static std::unique_ptr<TokenModel> FromVocabulary(const JsonValue& json, Vocabulary vocabulary);

  Result<void> Tokenize(std::string_view text, std::span<const Piece> words, ModelScratch& scratch,
                        std::vector<Token>& out) const override;
  std::optional<std::uint32_t> TokenToId(std::string_view token) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::size_t resident_bytes() const override {
    return vocabulary_.resident_bytes() + trie_.resident_bytes();
  }

 private:
  WordPiece(Vocabulary vocabulary, Trie trie, std::uint32_t unknown, std::uint64_t max_chars);

  // Appends the tokens of the word; false, with nothing appended, when it is unknown.
  bool TokenizeWord(std::string_view text, const Piece& word, std::vector<Token>& out) const;

  Vocabulary vocabulary_;
  Trie trie_;  // with the continuing tokens behind its branch
  std::uint32_t unknown_;
  std::uint64_t max_chars_;
};

}  // namespace embd
