#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_document.h"
#include "json/json_scanner.h"
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
  // The same of an object that comes next in a text. Nothing when something is wrong there, other
  // than a token that is there twice.
  static std::optional<Vocabulary> Read(JsonScanner& scanner);

  Vocabulary() = default;
  explicit Vocabulary(const std::vector<Entry>& entries);

  // Gives `text` the next id.
  void Append(std::string_view text) {
    pool_ += text;
    EndText();
  }
  // The same of the string that comes next. False when there is none; then the rest of this is of
  // no more use.
  bool Append(JsonScanner& scanner) {
    if (!scanner.ReadString(pool_)) return false;
    EndText();
    return true;
  }
  void Reserve(std::size_t tokens, std::size_t bytes);
  void ShrinkToFit();

  // Empty when no token has the id.
  std::string_view Text(std::uint32_t id) const {
    if (id >= id_bound()) return {};
    return std::string_view(pool_).substr(begins_[id], begins_[id + 1] - begins_[id]);
  }
  // Whether a token has the id (its text may be empty).
  bool Has(std::uint32_t id) const { return id < id_bound() && (used_.empty() || used_[id]); }
  // Number of tokens; with gaps less than id_bound().
  std::size_t size() const { return size_; }
  std::uint32_t id_bound() const { return static_cast<std::uint32_t>(begins_.size() - 1); }
  // Of all texts and ids.
  std::uint64_t Hash() const;
  // Of all texts together.
  std::size_t text_bytes() const { return pool_.size(); }
  std::size_t resident_bytes() const {
    return pool_.capacity() + begins_.capacity() * sizeof(begins_[0]) + used_.capacity() / 8;
  }

 private:
  void EndText() {
    begins_.push_back(static_cast<std::uint32_t>(pool_.size()));
    ++size_;
  }

  std::string pool_;
  std::vector<std::uint32_t> begins_{0};  // by id; one more than there are ids
  std::vector<bool> used_;                // by id; empty when all are
  std::size_t size_ = 0;
};

// The tokens with their ids, but for an empty one, which no text has; of equal ones the last
// counts. What tokens start with can also be looked for from behind `branch`.
Trie BuildTrie(const Vocabulary& vocabulary, std::string_view branch = {});

}  // namespace embd
