#include "tokenizer/models/bpe.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "tokenizer/byte_level_alphabet.h"
#include "tokenizer/models/model_scratch.h"
#include "tokenizer/models/word_start.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

void AddSymbol(ModelScratch& scratch, std::uint32_t id, std::uint32_t length) {
  scratch.symbols.push_back({id, length});
}

}  // namespace

std::unique_ptr<TokenModel> Bpe::FromJson(const JsonValue& json) {
  return FromVocabulary(json, Vocabulary(Vocabulary::ReadEntries(json.Get("vocab"))));
}

std::unique_ptr<TokenModel> Bpe::FromVocabulary(const JsonValue& json, Vocabulary vocabulary) {
  return std::unique_ptr<TokenModel>(new Bpe(json, std::move(vocabulary)));
}

Bpe::Bpe(const JsonValue& json, Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), index_(vocabulary_) {
  if (index_.duplicates() > 0) {
    json.Get("vocab").Fail("each token once", fmt::format("{} twice", index_.duplicates()));
  }
  if (const auto dropout = json.Find("dropout")) {
    if (dropout->Number() < 0 || dropout->Number() > 1) {
      dropout->Fail("a number from 0 to 1", fmt::format("{}", dropout->Number()));
    }
  }
  continuing_prefix_ = json.StringOr("continuing_subword_prefix", "");
  end_suffix_ = json.StringOr("end_of_word_suffix", "");
  if (const auto unknown = json.Find("unk_token")) {
    unknown_token_ = std::string(unknown->String());
    unknown_ = index_.Find(*unknown_token_);
  }
  fuse_unknown_ = json.BoolOr("fuse_unk", false);
  byte_fallback_ = json.BoolOr("byte_fallback", false);
  ignore_merges_ = json.BoolOr("ignore_merges", false);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    fallback_[byte] = index_.Find(fmt::format("<0x{:02X}>", byte));
  }
  NoteChars();
  ReadMerges(json.Get("merges"));
  word_start_ = WordStart();
  for (const std::uint64_t part :
       {HashBytes(continuing_prefix_), HashBytes(end_suffix_), std::uint64_t{unknown_},
        std::uint64_t{fuse_unknown_}, std::uint64_t{byte_fallback_}, std::uint64_t{ignore_merges_},
        std::uint64_t{unknown_token_.has_value()}}) {
    fingerprint_ = MixHash(fingerprint_, part);
  }
  fingerprint_ = MixHash(fingerprint_, vocabulary_.Hash());
}

// Merges are either all ["left", "right"] or, in older files, all "left right".
void Bpe::ReadMerges(const JsonValue& merges) {
  simdjson::dom::array array;
  if (merges.raw().get(array) != simdjson::SUCCESS) {
    merges.Fail("an array", std::string(merges.TypeName()));
  }
  if (array.size() > MergeTable::kMaxMerges) {
    merges.Fail(fmt::format("at most {} merges", MergeTable::kMaxMerges),
                std::to_string(array.size()));
  }
  merges_ = MergeTable(array.size());
  std::optional<bool> spaced;
  for (const simdjson::dom::element merge : array) {
    std::string_view left;
    std::string_view right;
    const bool is_string = merge.get(left) == simdjson::SUCCESS;
    if (is_string && left.starts_with("#version")) continue;
    bool good = spaced.value_or(is_string) == is_string;
    spaced = is_string;
    simdjson::dom::array pair;
    if (is_string) {
      const std::size_t space = left.find(' ');
      good = good && space != std::string_view::npos && left.rfind(' ') == space;
      if (good) {
        right = left.substr(space + 1);
        left = left.substr(0, space);
      }
    } else {
      good = good && merge.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
             pair.at(0).get(left) == simdjson::SUCCESS &&
             pair.at(1).get(right) == simdjson::SUCCESS;
    }
    if (!good) {
      merges.Fail("pairs of tokens, all written in one way",
                  fmt::format("{} at place {}", simdjson::minify(merge), merges_.size()));
    }
    AddMerge(merges, left, right);
  }
}

void Bpe::AddMerge(const JsonValue& place, std::string_view left, std::string_view right) {
  const auto id_of = [&](std::string_view token) {
    const std::uint32_t id = index_.Find(token);
    if (id == TokenIndex::kNone) {
      place.Fail("tokens of the vocabulary",
                 fmt::format("\"{}\" at place {}", token, merges_.size()));
    }
    return id;
  };
  if (right.size() < continuing_prefix_.size()) {
    place.Fail("tokens with the continuing prefix",
               fmt::format("\"{}\" at place {}", right, merges_.size()));
  }
  const std::uint32_t left_id = id_of(left);
  const std::uint32_t right_id = id_of(right);
  std::string merged(left);
  merged += right.substr(continuing_prefix_.size());
  merges_.Append(left_id, right_id, id_of(merged));
  fingerprint_ = MixHash(fingerprint_, std::uint64_t{left_id} << 32 | right_id);
}

void Bpe::NoteChars() {
  constexpr std::size_t kChars = 0x2600;  // alphabets, punctuation, "\u2581"
  if (!continuing_prefix_.empty() || !end_suffix_.empty()) return;
  char_ids_.assign(kChars, TokenIndex::kNone);
  for (std::uint32_t id = 0; id < vocabulary_.id_bound(); ++id) {
    const std::string_view text = vocabulary_.Text(id);
    if (text.empty()) continue;
    const unicode::DecodedChar c = unicode::DecodeValid(text.data());
    if (c.length == text.size() && c.scalar < kChars) char_ids_[c.scalar] = id;
  }
}

bool Bpe::ReadBytes() {
  if (byte_fallback_ || !continuing_prefix_.empty() || !end_suffix_.empty()) return false;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::string spelling;
    unicode::Append(spelling, kByteChars[byte]);
    bytes_[byte] = index_.Find(spelling);
    if (bytes_[byte] == TokenIndex::kNone) return false;
  }
  reads_bytes_ = true;
  char_ids_ = {};
  fingerprint_ = MixHash(fingerprint_, 1);
  return true;
}

std::uint32_t Bpe::FindWord(std::string_view word, ModelScratch& scratch) const {
  if (!reads_bytes_) return index_.Find(word);
  scratch.spelling.clear();
  for (const char byte : word) {
    unicode::Append(scratch.spelling, kByteChars[static_cast<std::uint8_t>(byte)]);
  }
  return index_.Find(scratch.spelling);
}

// Pieces of a merged token that stand before the character in another place would show in the
// token's text, provided that each symbol is spelt like a token, other than as that character.
std::string Bpe::WordStart() const {
  if (ignore_merges_ || !continuing_prefix_.empty() || !end_suffix_.empty()) return {};
  if (unknown_ == TokenIndex::kNone) return {};
  std::string start = FindWordStart(vocabulary_);
  const bool known = !start.empty() && index_.Find(start) != TokenIndex::kNone;
  return known && !vocabulary_.Text(unknown_).ends_with(start) ? start : std::string();
}

Result<void> Bpe::Tokenize(std::string_view text, std::span<const Piece> words,
                           ModelScratch& scratch, std::vector<Token>& out) const {
  scratch.word_cache.BelongTo(fingerprint_);
  const auto tokenize = [&](std::string_view word, std::uint32_t begin) {
    return TokenizeWord(word, begin, scratch, out);
  };
  if (!word_start_.empty()) {
    CutAtWordStarts(text, words, scratch.words);
    words = scratch.words;
  }
  return TokenizeCached(text, words, scratch.word_cache, out, tokenize);
}

void Bpe::CutAtWordStarts(std::string_view text, std::span<const Piece> pieces,
                          std::vector<Piece>& words) const {
  words.clear();
  for (const Piece& piece : pieces) {
    for (std::uint32_t begin = piece.begin; begin < piece.end;) {
      const std::string_view rest = text.substr(begin, piece.end - begin);
      const auto size = static_cast<std::uint32_t>(UpToWordStart(rest, word_start_));
      words.push_back({begin, begin + size});
      begin += size;
    }
  }
}

Result<void> Bpe::TokenizeWord(std::string_view word, std::uint32_t begin, ModelScratch& scratch,
                               std::vector<Token>& out) const {
  if (ignore_merges_) {
    const std::uint32_t id = FindWord(word, scratch);
    if (id != TokenIndex::kNone) {
      out.push_back({id, {begin, begin + static_cast<std::uint32_t>(word.size())}});
      return {};
    }
  }
  scratch.symbols.clear();
  if (reads_bytes_) {
    StartWithBytes(word, scratch);
  } else if (Result<void> done = StartWithChars(word, scratch); !done) {
    return done;
  }
  const MergeTexts texts =
      continuing_prefix_.empty() ? MergeTexts::kConcatenated : MergeTexts::kWithoutPrefix;
  MergeSymbols(merges_, texts, scratch.symbols, begin, scratch.merging, out);
  return {};
}

void Bpe::StartWithBytes(std::string_view word, ModelScratch& scratch) const {
  for (const char byte : word) {
    AddSymbol(scratch, bytes_[static_cast<std::uint8_t>(byte)], 1);
  }
}

Result<void> Bpe::StartWithChars(std::string_view word, ModelScratch& scratch) const {
  std::optional<Unknown> unknown;
  std::string& affixed = scratch.spelling;
  for (std::size_t at = 0; at < word.size();) {
    const auto [scalar, length] = unicode::DecodeValid(word.data() + at);
    if (!unknown && scalar < char_ids_.size() && char_ids_[scalar] != TokenIndex::kNone) {
      AddSymbol(scratch, char_ids_[scalar], length);
      at += length;
      continue;
    }
    std::string_view spelling = word.substr(at, length);
    const bool prefix = at > 0 && !continuing_prefix_.empty();
    const bool suffix = at + length == word.size() && !end_suffix_.empty();
    if (prefix || suffix) {
      affixed.clear();
      if (prefix) affixed += continuing_prefix_;
      affixed += spelling;
      if (suffix) affixed += end_suffix_;
      spelling = affixed;
    }
    if (Result<void> done = AddChar(spelling, length, unknown, scratch); !done) return done;
    at += length;
  }
  if (unknown) AddSymbol(scratch, unknown->id, unknown->length);
  return {};
}

Result<void> Bpe::AddChar(std::string_view spelling, std::uint32_t length,
                          std::optional<Unknown>& unknown, ModelScratch& scratch) const {
  if (const std::uint32_t id = index_.Find(spelling); id != TokenIndex::kNone) {
    if (unknown) AddSymbol(scratch, unknown->id, unknown->length);
    unknown.reset();
    AddSymbol(scratch, id, length);
    return {};
  }
  const auto fallback = [this](char byte) { return fallback_[static_cast<std::uint8_t>(byte)]; };
  if (byte_fallback_ && std::all_of(spelling.begin(), spelling.end(), [&](char byte) {
        return fallback(byte) != TokenIndex::kNone;
      })) {
    // Like the reference this leaves an unknown token that waits to be fused where it is.
    for (const char byte : spelling) AddSymbol(scratch, fallback(byte), 1);
    return {};
  }
  if (!unknown_token_) return {};  // the reference drops the character
  if (unknown_ == TokenIndex::kNone) {
    return Error{ErrorKind::kTokenizer,
                 fmt::format("\"{}\" needs the unknown token \"{}\", which the vocabulary lacks",
                             spelling, *unknown_token_)};
  }
  if (unknown && fuse_unknown_) {
    unknown->length += length;
    return {};
  }
  if (unknown) AddSymbol(scratch, unknown->id, unknown->length);
  unknown = {unknown_, length};
  return {};
}

std::optional<std::uint32_t> Bpe::TokenToId(std::string_view token) const {
  const std::uint32_t id = index_.Find(token);
  if (id == TokenIndex::kNone) return std::nullopt;
  return id;
}

std::size_t Bpe::vocabulary_bytes() const {
  return TokenModel::vocabulary_bytes() + merges_.size() * 2 * sizeof(std::uint32_t);
}

std::size_t Bpe::resident_bytes() const {
  return vocabulary_.resident_bytes() + index_.resident_bytes() + merges_.resident_bytes() +
         char_ids_.capacity() * sizeof(char_ids_[0]);
}

}  // namespace embd
