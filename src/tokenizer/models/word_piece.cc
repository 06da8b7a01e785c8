#include "tokenizer/models/word_piece.h"

#include <fmt/core.h>

#include <limits>
#include <string>
#include <utility>

#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<TokenModel> WordPiece::FromJson(const JsonValue& json) {
  const std::string_view unknown = json.Get("unk_token").String();
  const std::string_view prefix = json.Get("continuing_subword_prefix").String();
  const std::int64_t max_chars =
      json.Get("max_input_chars_per_word").Integer(0, std::numeric_limits<std::int64_t>::max());
  const JsonValue vocab = json.Get("vocab");
  const std::vector<Vocabulary::Entry> entries = Vocabulary::ReadEntries(vocab);
  Trie trie = BuildVocabularyTrie(vocab, entries);
  const std::uint32_t unknown_id = trie.Find(unknown);
  if (unknown_id == Trie::kNone) {
    vocab.Fail(fmt::format("the unknown token \"{}\" among the tokens", unknown), "none");
  }
  return std::unique_ptr<TokenModel>(new WordPiece(Vocabulary(entries), std::move(trie), prefix,
                                                   unknown_id,
                                                   static_cast<std::uint64_t>(max_chars)));
}

WordPiece::WordPiece(Vocabulary vocabulary, Trie trie, std::string_view continuing_prefix,
                     std::uint32_t unknown, std::uint64_t max_chars)
    : vocabulary_(std::move(vocabulary)),
      trie_(std::move(trie)),
      continuing_root_(trie_.Descend(Trie::kRoot, continuing_prefix)),
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
  for (std::uint32_t begin = word.begin; begin < word.end;) {
    std::uint32_t id = Trie::kNone;
    std::uint32_t end = begin;
    for (std::uint32_t at = begin; at < word.end; ++at) {
      node = trie_.Child(node, text[at]);
      if (node == Trie::kNone) break;
      if (const std::uint32_t value = trie_.Value(node); value != Trie::kNone) {
        id = value;
        end = at + 1;
      }
    }
    if (id == Trie::kNone) {
      out.resize(mark);
      return false;
    }
    out.push_back({id, {begin, end}});
    begin = end;
    node = continuing_root_;
    if (node == Trie::kNone && begin < word.end) {
      out.resize(mark);
      return false;
    }
  }
  return true;
}

std::optional<std::uint32_t> WordPiece::TokenToId(std::string_view token) const {
  const std::uint32_t id = trie_.Find(token);
  if (id == Trie::kNone) return std::nullopt;
  return id;
}

}  // namespace embd
