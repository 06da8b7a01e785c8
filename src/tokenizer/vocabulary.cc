#include "tokenizer/vocabulary.h"

#include <fmt/core.h>

#include <algorithm>

namespace embd {
namespace {

std::string Describe(simdjson::dom::element element) {
  std::string text = simdjson::minify(element);
  constexpr std::size_t kLongest = 60;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace

std::vector<Vocabulary::Entry> Vocabulary::ReadEntries(const JsonValue& vocab) {
  const simdjson::dom::object object = vocab.Object();
  std::vector<Entry> entries;
  entries.reserve(object.size());
  std::vector<bool> seen;
  for (const auto& [token, value] : object) {
    std::uint64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS || id > kMaxTokenId) {
      vocab.Fail(fmt::format("ids from 0 to {}", kMaxTokenId),
                 fmt::format("{} for the token \"{}\"", Describe(value), token));
    }
    if (id >= seen.size()) seen.resize(std::max<std::size_t>(id + 1, 2 * seen.size()));
    if (seen[id]) vocab.Fail("one token for each id", fmt::format("{} twice", id));
    seen[id] = true;
    entries.push_back({token, static_cast<std::uint32_t>(id)});
  }
  return entries;
}

Vocabulary::Vocabulary(const std::vector<Entry>& entries) : size_(entries.size()) {
  std::uint32_t bound = 0;
  std::size_t bytes = 0;
  for (const Entry& entry : entries) {
    bound = std::max(bound, entry.id + 1);
    bytes += entry.text.size();
  }
  begins_.assign(bound + std::size_t{1}, 0);
  used_.assign(bound, false);
  for (const Entry& entry : entries) {
    begins_[entry.id + 1] = static_cast<std::uint32_t>(entry.text.size());
    used_[entry.id] = true;
  }
  for (std::size_t id = 0; id < bound; ++id) begins_[id + 1] += begins_[id];
  pool_.resize(bytes);
  for (const Entry& entry : entries) {
    std::copy(entry.text.begin(), entry.text.end(), pool_.begin() + begins_[entry.id]);
  }
}

void Vocabulary::Append(std::string_view text) {
  if (begins_.empty()) begins_.push_back(0);
  pool_ += text;
  begins_.push_back(static_cast<std::uint32_t>(pool_.size()));
  used_.push_back(true);
  ++size_;
}

void Vocabulary::Reserve(std::size_t tokens, std::size_t bytes) {
  pool_.reserve(bytes);
  begins_.reserve(tokens + 1);
  used_.reserve(tokens);
}

void Vocabulary::ShrinkToFit() {
  pool_.shrink_to_fit();
  begins_.shrink_to_fit();
  used_.shrink_to_fit();
}

Trie BuildVocabularyTrie(const JsonValue& vocab, const std::vector<Vocabulary::Entry>& entries) {
  std::vector<Trie::Key> keys;
  keys.reserve(entries.size());
  for (const Vocabulary::Entry& entry : entries) {
    // No text has an empty token.
    if (!entry.text.empty()) keys.push_back({entry.text, entry.id});
  }
  Trie trie(keys);
  if (trie.duplicates() > 0) {
    vocab.Fail("each token once", fmt::format("{} more than once", trie.duplicates()));
  }
  return trie;
}

}  // namespace embd
