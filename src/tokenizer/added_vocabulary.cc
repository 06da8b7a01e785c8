#include "tokenizer/added_vocabulary.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/load_error.h"
#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

bool IsWord(char32_t c) { return (unicode::CharFlags(c) & unicode::kAddedTokenWord) != 0; }

bool EndsWithWord(std::string_view text) {
  return !text.empty() &&
         IsWord(unicode::DecodeValid(text.data() + unicode::LastCharBegin(text)).scalar);
}

bool StartsWithWord(std::string_view text) {
  return !text.empty() && IsWord(unicode::DecodeValid(text.data()).scalar);
}

// Where the whitespace at the end of `text` starts, but not before `limit`.
std::size_t TrailingSpaceBegin(std::string_view text, std::size_t limit) {
  std::size_t begin = text.size();
  while (begin > limit) {
    const std::size_t last = unicode::LastCharBegin(text.substr(0, begin));
    if (!unicode::IsWhitespace(unicode::DecodeValid(text.data() + last).scalar)) break;
    begin = last;
  }
  return std::max(begin, limit);
}

// Bytes of whitespace at the start of `text`.
std::size_t LeadingSpace(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    const unicode::DecodedChar c = unicode::DecodeValid(text.data() + length);
    if (!unicode::IsWhitespace(c.scalar)) break;
    length += c.length;
  }
  return length;
}

}  // namespace

AddedVocabulary::Matcher::Matcher(const std::vector<const AddedToken*>& tokens,
                                  const JsonValue& place) {
  std::vector<Trie::Key> keys;
  for (const AddedToken* token : tokens) {
    if (token->decoded.empty()) {
      place.Fail("tokens that something is left of after normalization",
                 fmt::format("\"{}\"", token->content));
    }
    starts_[static_cast<std::uint8_t>(token->decoded[0])] = true;
    only_start_ = token->decoded[0];
    keys.push_back({token->decoded, static_cast<std::uint32_t>(rules_.size())});
    rules_.push_back({token->id, token->single_word, token->lstrip, token->rstrip});
  }
  start_count_ = static_cast<std::size_t>(std::count(starts_.begin(), starts_.end(), true));
  trie_ = Trie(keys);
  if (trie_.duplicates() > 0) {
    place.Fail("tokens that differ after normalization",
               fmt::format("{} that do not", trie_.duplicates()));
  }
}

AddedVocabulary::Matcher::Match AddedVocabulary::Matcher::Next(std::string_view text,
                                                               std::size_t from) const {
  for (; from < text.size(); ++from) {
    if (start_count_ == 1) {
      from = std::min(text.find(only_start_, from), text.size());
      if (from == text.size()) break;
    } else if (!starts_[static_cast<std::uint8_t>(text[from])]) {
      continue;
    }
    const Trie::Match match = trie_.LongestPrefix(Trie::kRoot, text, from);
    if (match.value != Trie::kNone) return {from, match.end, &rules_[match.value]};
  }
  return {text.size(), text.size(), nullptr};
}

void AddedVocabulary::Matcher::Split(std::string_view text, std::uint32_t begin,
                                     std::vector<Piece>& out) const {
  const auto push = [&](std::size_t from, std::size_t to, std::uint32_t token) {
    if (from >= to) return;
    out.push_back(
        {begin + static_cast<std::uint32_t>(from), begin + static_cast<std::uint32_t>(to), token});
  };
  std::size_t done = 0;  // up to here the pieces reach
  if (start_count_ > 0) {
    for (Match match = Next(text, 0); match.rule != nullptr; match = Next(text, match.end)) {
      std::size_t from = match.begin;
      std::size_t to = match.end;
      const Rule& rule = *match.rule;
      if (rule.single_word &&
          (EndsWithWord(text.substr(0, from)) || StartsWithWord(text.substr(to)))) {
        continue;
      }
      if (rule.lstrip)
        from = std::max(done, TrailingSpaceBegin(text.substr(0, from), std::min(done, from)));
      if (rule.rstrip) to += LeadingSpace(text.substr(to));
      push(done, from, kNoToken);
      push(from, to, rule.id);
      done = to;
    }
  }
  push(done, text.size(), kNoToken);
}

AddedVocabulary::AddedVocabulary(const JsonValue& added_tokens, const TokenModel& model,
                                 const Normalizer* normalizer) {
  auto next_id = static_cast<std::uint32_t>(model.vocabulary().size());
  for (const JsonValue& json : added_tokens.Array()) {
    AddedToken token;
    json.Get("id").Integer(0, std::numeric_limits<std::uint32_t>::max());
    token.content = json.Get("content").String();
    token.single_word = json.Get("single_word").Bool();
    token.lstrip = json.Get("lstrip").Bool();
    token.rstrip = json.Get("rstrip").Bool();
    token.normalized = json.Get("normalized").Bool();
    token.special = json.Get("special").Bool();
    if (!token.content.empty()) Add(std::move(token), model, normalizer, next_id);
  }
  std::vector<const AddedToken*> original;
  std::vector<const AddedToken*> normalized;
  for (const auto& [id, token] : by_id_) {
    (token.normalized ? normalized : original).push_back(&token);
    id_bound_ = std::max(id_bound_, id + 1);
  }
  original_ = Matcher(original, added_tokens);
  normalized_ = Matcher(normalized, added_tokens);
}

void AddedVocabulary::Add(AddedToken token, const TokenModel& model, const Normalizer* normalizer,
                          std::uint32_t& next_id) {
  if (const auto known = ids_.find(token.content); known != ids_.end()) {
    token.id = known->second;
  } else if (const auto id = model.TokenToId(token.content)) {
    token.id = *id;
  } else {
    token.id = next_id++;
  }
  token.decoded = token.content;
  if (token.normalized && normalizer != nullptr) {
    NormalizedText text;
    NormalizedText spare;
    text.Assign(token.content, /*track=*/false);
    if (normalizer->Normalize(text, spare)) token.decoded = text.text;
  }
  ids_[token.content] = token.id;
  if (token.special) special_[token.content] = true;
  by_id_[token.id] = std::move(token);
}

void AddedVocabulary::SplitNormalized(Segment& segment) const {
  segment.pieces.clear();
  normalized_.Split(segment.text.text, 0, segment.pieces);
}

std::string_view AddedVocabulary::Text(std::uint32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::string_view() : found->second.decoded;
}

bool AddedVocabulary::IsSpecial(std::string_view text) const {
  return special_.find(text) != special_.end();
}

std::size_t AddedVocabulary::resident_bytes() const {
  std::size_t bytes = original_.resident_bytes() + normalized_.resident_bytes();
  for (const auto& [id, token] : by_id_) {
    bytes += 3 * (sizeof(token) + token.content.size());
  }
  return bytes;
}

}  // namespace embd
