#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/trie.h"

namespace embd {

// Largest id that a tokenizer.json may give a token: far above every real vocabulary, and small
// enough that tables by id stay affordable.
inline constexpr std::uint32_t kMaxTokenId = (1u << 23) - 1;

// The strings of a vocabulary by id, in one block of memory. Ids may have gaps.
class Vocabulary {
 public:
  struct Entry {
    std::string_view text;
    std::uint32_t id;
  };

  // The entries of a JSON object {token: id}; they point into the document. Throws LoadError for an
  // id that is no integer, too large or there twice.
  static std::vector<Entry> ReadEntries(const JsonValue& vocab);

  Vocabulary() = default;
  explicit Vocabulary(const std::vector<Entry>& entries);

  // Gives `text` the next id.
  void Append(std::string_view text);
  void Reserve(std::size_t tokens, std::size_t bytes);
  void ShrinkToFit();

  // Empty when no token has the id.
  std::string_view Text(std::uint32_t id) const {
    if (id >= id_bound()) return {};
    return std::string_view(pool_).substr(begins_[id], begins_[id + 1] - begins_[id]);
  }
  // Whether a token has the id (its text may be empty).
  bool Has(std::uint32_t id) const { return id < id_bound() && used_[id]; }
  // Number of tokens; with gaps less than id_bound().
  std::size_t size() const { return size_; }
  std::uint32_t id_bound() const {
    return begins_.empty() ? 0 : static_cast<std::uint32_t>(begins_.size() - 1);
  }
  std::size_t resident_bytes() const {
    return pool_.capacity() + begins_.capacity() * sizeof(begins_[0]) + used_.capacity() / 8;
  }

 private:
  std::string pool_;
  std::vector<std::uint32_t> begins_;  // by id; one more than there are ids
  std::vector<bool> used_;
  std::size_t size_ = 0;
};

// The tokens of `entries`, which ReadEntries made of `vocab`, with their ids. Throws LoadError for
// a token that is there twice.
Trie BuildVocabularyTrie(const JsonValue& vocab, const std::vector<Vocabulary::Entry>& entries);

}  // namespace embd
