#include "tokenizer/models/unigram.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <utility>

#include "tokenizer/token_index.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

constexpr double kUnknownPenalty = 10.0;
constexpr std::uint32_t kUnreached = std::numeric_limits<std::uint32_t>::max();

}  // namespace

std::unique_ptr<TokenModel> Unigram::FromJson(const JsonValue& json) {
  const JsonValue vocab = json.Get("vocab");
  if (!vocab.is_array()) vocab.Fail("an array", std::string(vocab.TypeName()));
  const std::string text = simdjson::minify(vocab.raw());
  JsonScanner scanner(text);
  UnigramVocabulary vocabulary;
  if (!vocabulary.Read(scanner)) {
    vocab.Fail(fmt::format("at most {} pairs of a token and its score", kMaxTokenId),
               fmt::format("something else at place {}", vocabulary.scores.size()));
  }
  return FromVocabulary(json, std::move(vocabulary));
}

std::unique_ptr<TokenModel> Unigram::FromVocabulary(const JsonValue& json,
                                                    UnigramVocabulary vocabulary) {
  return std::unique_ptr<TokenModel>(new Unigram(json, std::move(vocabulary)));
}

Unigram::Unigram(const JsonValue& json, UnigramVocabulary vocabulary)
    : vocabulary_(std::move(vocabulary.tokens)),
      trie_(BuildTrie(vocabulary_)),
      scores_(std::move(vocabulary.scores)) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const double score : scores_) lowest = std::min(lowest, score);
  unknown_score_ = lowest - kUnknownPenalty;
  if (const auto unknown = json.Find("unk_id")) {
    const auto last = static_cast<std::int64_t>(scores_.size()) - 1;
    unknown_ = static_cast<std::uint32_t>(unknown->Integer(0, last));
  }
  falls_back_ = json.BoolOr("byte_fallback", false);
  fingerprint_ = MixHash(MixHash(unknown_, falls_back_), vocabulary_.Hash());
  for (const double score : scores_) {
    fingerprint_ = MixHash(fingerprint_, std::bit_cast<std::uint64_t>(score));
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    fallback_[byte] = trie_.Find(fmt::format("<0x{:02X}>", byte));
  }
}

Result<void> Unigram::Tokenize(std::string_view text, std::span<const Piece> words,
                               ModelScratch& scratch, std::vector<Token>& out) const {
  scratch.word_cache.BelongTo(fingerprint_);
  const auto tokenize = [&](std::string_view word, std::uint32_t begin) {
    return TokenizeWord(word, begin, scratch, out);
  };
  return TokenizeCached(text, words, scratch.word_cache, out, tokenize);
}

Result<void> Unigram::TokenizeWord(std::string_view word, std::uint32_t begin,
                                   ModelScratch& scratch, std::vector<Token>& out) const {
  bool known = FindBestPath(word, scratch);
  // Backwards from the end; unknown tokens in a row have one end.
  std::vector<std::uint32_t>& ends = scratch.ends;
  ends.clear();
  bool after_unknown = false;
  for (auto at = static_cast<std::uint32_t>(word.size()); known && at > 0;) {
    const ModelScratch::Arrival& arrival = scratch.arrivals[at];
    const bool unknown = arrival.id == unknown_;
    if (!unknown || !after_unknown) ends.push_back(at);
    after_unknown = unknown;
    at = arrival.begin;
  }
  std::uint32_t done = 0;
  for (std::size_t i = ends.size(); known && i-- > 0;) {
    known = Append(word.substr(done, ends[i] - done), begin + done, out);
    done = ends[i];
  }
  if (known) return {};
  return Error{ErrorKind::kTokenizer,
               "the text has characters without a token, and there is no unknown token"};
}

bool Unigram::FindBestPath(std::string_view word, ModelScratch& scratch) const {
  std::vector<ModelScratch::Arrival>& arrivals = scratch.arrivals;
  arrivals.assign(word.size() + 1, {0.0, kUnreached, 0});
  const auto offer = [&arrivals](std::size_t begin, std::size_t end, double score,
                                 std::uint32_t id) {
    ModelScratch::Arrival& arrival = arrivals[end];
    if (arrival.begin == kUnreached || score > arrival.score) {
      arrival = {score, static_cast<std::uint32_t>(begin), id};
    }
  };
  for (std::size_t begin = 0; begin < word.size();) {
    const double score = arrivals[begin].score;
    const std::size_t next = begin + unicode::DecodeValid(word.data() + begin).length;
    bool has_character = false;
    trie_.ForEachPrefix(Trie::kRoot, word, begin, [&](std::size_t end, std::uint32_t id) {
      offer(begin, end, scores_[id] + score, id);
      has_character = has_character || end == next;
    });
    if (!has_character) {
      const bool better =
          arrivals[next].begin == kUnreached || unknown_score_ + score > arrivals[next].score;
      if (better && unknown_ == Trie::kNone) return false;
      offer(begin, next, unknown_score_ + score, unknown_);
    }
    begin = next;
  }
  return true;
}

bool Unigram::Append(std::string_view token, std::uint32_t begin, std::vector<Token>& out) const {
  const std::uint32_t end = begin + static_cast<std::uint32_t>(token.size());
  const std::uint32_t id = trie_.Find(token);
  if (id != Trie::kNone) {
    out.push_back({id, {begin, end}});
    return true;
  }
  const auto fallback = [this](char byte) { return fallback_[static_cast<std::uint8_t>(byte)]; };
  if (falls_back_ && std::all_of(token.begin(), token.end(),
                                 [&](char byte) { return fallback(byte) != Trie::kNone; })) {
    for (const char byte : token) out.push_back({fallback(byte), {begin, end}});
    return true;
  }
  if (unknown_ == Trie::kNone) return false;
  out.push_back({unknown_, {begin, end}});
  return true;
}

std::optional<std::uint32_t> Unigram::TokenToId(std::string_view token) const {
  const std::uint32_t id = trie_.Find(token);
  if (id == Trie::kNone) return std::nullopt;
  return id;
}

std::size_t Unigram::resident_bytes() const {
  return vocabulary_.resident_bytes() + trie_.resident_bytes() +
         scores_.capacity() * sizeof(scores_[0]);
}

}  // namespace embd
