#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/models/merge_table.h"
#include "tokenizer/models/model.h"
#include "tokenizer/token_index.h"

namespace embd {

// BPE: a word starts as its characters; again and again the pair of neighbours with the merge of
// lowest rank, the leftmost of equals, becomes one token. Dropout in the file has no effect.
class Bpe : public TokenModel {
 public:
  static std::unique_ptr<TokenModel> FromJson(const JsonValue& json);
  // With `vocabulary` in place of json's own.
  static std::unique_ptr<TokenModel> FromVocabulary(const JsonValue& json, Vocabulary vocabulary);

  Result<void> Tokenize(std::string_view text, std::span<const Piece> words, ModelScratch& scratch,
                        std::vector<Token>& out) const override;
  std::optional<std::uint32_t> TokenToId(std::string_view token) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::size_t resident_bytes() const override;
  std::size_t vocabulary_bytes() const override;
  bool ReadBytes() override;

 private:
  struct Unknown {
    std::uint32_t id;
    std::uint32_t length;
  };

  Bpe(const JsonValue& json, Vocabulary vocabulary);
  void ReadMerges(const JsonValue& merges);
  void AddMerge(const JsonValue& place, std::string_view left, std::string_view right);

  // Where merges never reach across, if there is such a character; what FindWordStart needs to be
  // true of characters is true of the symbols that stand for them.
  std::string WordStart() const;
  // Cuts pieces of `text` into parts that no merge reaches across.
  void CutAtWordStarts(std::string_view text, std::span<const Piece> pieces,
                       std::vector<Piece>& words) const;
  Result<void> TokenizeWord(std::string_view word, std::uint32_t begin, ModelScratch& scratch,
                            std::vector<Token>& out) const;
  // The id of the token that a whole word is, or TokenIndex::kNone.
  std::uint32_t FindWord(std::string_view word, ModelScratch& scratch) const;
  // Fills char_ids_, unless affixes make other tokens of characters.
  void NoteChars();
  // Fills scratch.symbols with the characters, or bytes, of the word.
  Result<void> StartWithChars(std::string_view word, ModelScratch& scratch) const;
  void StartWithBytes(std::string_view word, ModelScratch& scratch) const;
  // Adds `spelling`, a character with its affixes, of `length` bytes in the text; an unknown one
  // is kept back in `unknown`, to be fused with the next.
  Result<void> AddChar(std::string_view spelling, std::uint32_t length,
                       std::optional<Unknown>& unknown, ModelScratch& scratch) const;

  Vocabulary vocabulary_;
  TokenIndex index_;
  MergeTable merges_;
  std::string continuing_prefix_;
  std::string end_suffix_;
  std::optional<std::string> unknown_token_;
  std::uint32_t unknown_ = TokenIndex::kNone;
  bool fuse_unknown_ = false;
  bool byte_fallback_ = false;
  bool ignore_merges_ = false;
  // Where long words, mostly whole texts, are cut: no merge reaches across. Or empty.
  std::string word_start_;
  std::uint64_t fingerprint_ = 1;  // of everything that decides about tokens

  // By character, of the lowest ones: the id of its token, or kNone. May be empty.
  std::vector<std::uint32_t> char_ids_;
  std::array<std::uint32_t, 256> fallback_{};  // ids of <0x00>...<0xFF>, or kNone
  bool reads_bytes_ = false;
  std::array<std::uint32_t, 256> bytes_{};  // ids of single bytes, when it reads them
};

}  // namespace embd
