#include "tokenizer/models/word_level.h"

#include <fmt/core.h>

#include <utility>

namespace embd {

std::unique_ptr<TokenModel> WordLevel::FromJson(const JsonValue& json) {
  return FromVocabulary(json, Vocabulary(Vocabulary::ReadEntries(json.Get("vocab"))));
}

std::unique_ptr<TokenModel> WordLevel::FromVocabulary(const JsonValue& json,
                                                      Vocabulary vocabulary) {
  return std::unique_ptr<TokenModel>(new WordLevel(json, std::move(vocabulary)));
}

WordLevel::WordLevel(const JsonValue& json, Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)),
      index_(vocabulary_),
      unknown_(index_.Find(json.Get("unk_token").String())) {
  if (index_.duplicates() > 0) {
    json.Get("vocab").Fail("each token once", fmt::format("{} twice", index_.duplicates()));
  }
}

Result<void> WordLevel::Tokenize(std::string_view text, std::span<const Piece> words, ModelScratch&,
                                 std::vector<Token>& out) const {
  for (const Piece& piece : words) {
    const std::string_view word = text.substr(piece.begin, piece.end - piece.begin);
    std::uint32_t id = index_.Find(word);
    if (id == TokenIndex::kNone) id = unknown_;
    if (id == TokenIndex::kNone) {
      return Error{
          ErrorKind::kTokenizer,
          fmt::format("\"{}\" is not in the vocabulary, which has no unknown token", word)};
    }
    out.push_back({id, {piece.begin, piece.end}});
  }
  return {};
}

std::optional<std::uint32_t> WordLevel::TokenToId(std::string_view token) const {
  const std::uint32_t id = index_.Find(token);
  if (id == TokenIndex::kNone) return std::nullopt;
  return id;
}

}  // namespace embd
