#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/models/model.h"
#include "tokenizer/models/model_scratch.h"
#include "tokenizer/models/unigram_vocabulary.h"
#include "tokenizer/trie.h"

namespace embd {

// Unigram: of all ways to cut a word into tokens the one with the highest sum of scores (Viterbi).
// A character without a token of its own may stand as unknown, for a penalty; unknown ones in a row
// are one token, or, with byte fallback, the tokens of their bytes.
class Unigram : public TokenModel {
 public:
  static std::unique_ptr<TokenModel> FromJson(const JsonValue& json);
  // With `vocabulary` in place of json's own.
  static std::unique_ptr<TokenModel> FromVocabulary(const JsonValue& json,
                                                    UnigramVocabulary vocabulary);

  Result<void> Tokenize(std::string_view text, std::span<const Piece> words, ModelScratch& scratch,
                        std::vector<Token>& out) const override;
  std::optional<std::uint32_t> TokenToId(std::string_view token) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::size_t resident_bytes() const override;
  std::size_t vocabulary_bytes() const override {
    return vocabulary_.text_bytes() + scores_.size() * sizeof(scores_[0]);
  }

 private:
  Unigram(const JsonValue& json, UnigramVocabulary vocabulary);

  // Fills scratch.arrivals; false when a character is unknown and there is no unknown token.
  bool FindBestPath(std::string_view word, ModelScratch& scratch) const;
  Result<void> TokenizeWord(std::string_view word, std::uint32_t begin, ModelScratch& scratch,
                            std::vector<Token>& out) const;
  // Appends the tokens for `token`, one of the path or unknown characters in a row, which starts at
  // `begin` in the text; false when it is unknown and there is no unknown token.
  bool Append(std::string_view token, std::uint32_t begin, std::vector<Token>& out) const;

  Vocabulary vocabulary_;
  Trie trie_;
  std::vector<double> scores_;  // by id
  double unknown_score_ = 0;
  std::uint32_t unknown_ = Trie::kNone;
  bool falls_back_ = false;
  std::uint64_t fingerprint_ = 0;              // of everything that decides about tokens
  std::array<std::uint32_t, 256> fallback_{};  // ids of <0x00>...<0xFF>, or Trie::kNone
};

}  // namespace embd
