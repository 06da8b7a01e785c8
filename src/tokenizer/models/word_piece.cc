#include "tokenizer/models/word_piece.h"

#include <fmt/core.h>

#include <limits>
#include <string>
#include <utility>

#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<TokenModel> WordPiece::FromJson(const JsonValue& json) {
  return FromVocabulary(json, Vocabulary(Vocabulary::ReadEntries(json.Get("vocab"))));
}

std::unique_ptr<TokenModel> WordPiece::FromVocabulary(const JsonValue& json,
                                                      Vocabulary vocabulary) {
  const std::string_view unknown = json.Get("unk_token").String();
  const std::string_view prefix = json.Get("continuing_subword_prefix").String();
  const std::int64_t max_chars =
      json.Get("max_input_chars_per_word").Integer(0, std::numeric_limits<std::int64_t>::max());
  const JsonValue vocab = json.Get("vocab");
  Trie trie = BuildTrie(vocabulary, prefix);
  if (trie.duplicates() > 0) {
    vocab.Fail("each token once", fmt::format("{} more than once", trie.duplicates()));
  }
  const std::uint32_t unknown_id = trie.Find(unknown);
  if (unknown_id == Trie::kNone) {
    vocab.Fail(fmt::format("the unknown token \"{}\" among the tokens", unknown), "none");
  }
  return std::unique_ptr<TokenModel>(new WordPiece(
      std::move(vocabulary), std::move(trie), unknown_id, static_cast<std::uint64_t>(max_chars)));
}

WordPiece::WordPiece(Vocabulary vocabulary, Trie trie, std::uint32_t unknown,
                     std::uint64_t max_chars)
    : vocabulary_(std::move(vocabulary)),
      trie_(std::move(trie)),
      unknown_(unknown),
      max_chars_(max_chars) {}

Result<void> WordPiece::Tokenize(std::string_view text, std::span<const Piece> words, ModelScratch&,
                                 std::vector<Token>& out) const {
  for (const Piece& word : words) {
    if (!TokenizeWord(text, word, out)) out.push_back({unknown_, {word.begin, word.end}});
  }
  return {};
}

bool WordPiece::TokenizeWord(std::string_view text, const Piece& word,
                             std::vector<Token>& out) const {
  if (word.end - word.begin > max_chars_ &&
      unicode::CountChars(text.substr(word.begin, word.end - word.begin)) > max_chars_) {
    return false;
  }
  const std::size_t mark = out.size();
  std::uint32_t node = Trie::kRoot;
  text = text.substr(0, word.end);
  for (std::uint32_t begin = word.begin; begin < word.end;) {
    const Trie::Match match =
        node == Trie::kNone ? Trie::Match{} : trie_.LongestPrefix(node, text, begin);
    if (match.value == Trie::kNone) {
      out.resize(mark);
      return false;
    }
    const auto end = static_cast<std::uint32_t>(match.end);
    out.push_back({match.value, {begin, end}});
    begin = end;
    node = trie_.branch();
  }
  return true;
}

std::optional<std::uint32_t> WordPiece::TokenToId(std::string_view token) const {
  const std::uint32_t id = trie_.Find(token);
  if (id == Trie::kNone) return std::nullopt;
  return id;
}

}  // namespace embd
