#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/models/model.h"
#include "tokenizer/normalizers/normalizer.h"
#include "tokenizer/segment.h"
#include "tokenizer/trie.h"

namespace embd {

// The tokens under "added_tokens" in tokenizer.json: they are found in the text before the model
// sees it, and never split. Immutable after loading, shared by all threads.
class AddedVocabulary {
 public:
  AddedVocabulary() = default;
  // Reads the array. Ids are given as the reference does, which trusts neither the file's: a token
  // that the model has keeps the model's id, the others are numbered from the size of the model's
  // vocabulary. `normalizer` may be null. Throws LoadError.
  AddedVocabulary(const JsonValue& added_tokens, const TokenModel& model,
                  const Normalizer* normalizer);

  // Splits `text` into the tokens that match it as it is (those with "normalized": false), and what
  // is between. Pieces of no length are left out. A piece may reach into the next one, as it does
  // in the reference, when one token strips the whitespace that another one is.
  void SplitOriginal(std::string_view text, std::vector<Piece>& out) const {
    original_.Split(text, 0, out);
  }
  // Likewise the tokens that match the normalized text; `pieces` is that text, not yet split.
  void SplitNormalized(Segment& segment) const;

  // How a token of this vocabulary is spelt when ids become text again; empty when it is not one.
  std::string_view Text(std::uint32_t id) const;
  bool Has(std::uint32_t id) const { return by_id_.contains(id); }
  // Whether decoding can skip a token that is spelt like this.
  bool IsSpecial(std::string_view text) const;

  std::uint32_t id_bound() const { return id_bound_; }
  std::size_t resident_bytes() const;

 private:
  struct AddedToken {
    std::string content;
    std::string decoded;  // the normalized content where that counts
    bool single_word = false;
    bool lstrip = false;
    bool rstrip = false;
    bool normalized = false;
    bool special = false;
    std::uint32_t id = 0;
  };

  // Finds the leftmost, then longest, tokens.
  class Matcher {
   public:
    Matcher() = default;
    // Throws LoadError at `place` when two tokens match the same text, or one the empty text.
    Matcher(const std::vector<const AddedToken*>& tokens, const JsonValue& place);
    // `begin` is added to the places of the pieces.
    void Split(std::string_view text, std::uint32_t begin, std::vector<Piece>& out) const;
    std::size_t resident_bytes() const { return trie_.resident_bytes(); }

   private:
    struct Rule {
      std::uint32_t id;
      bool single_word;
      bool lstrip;
      bool rstrip;
    };
    struct Match {
      std::size_t begin;
      std::size_t end;
      const Rule* rule;  // null: no match from here on
    };
    Match Next(std::string_view text, std::size_t from) const;

    Trie trie_;
    std::vector<Rule> rules_;
    std::array<bool, 256> starts_{};  // bytes that a token starts with
    std::size_t start_count_ = 0;
    char only_start_ = 0;
  };

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  void Add(AddedToken token, const TokenModel& model, const Normalizer* normalizer,
           std::uint32_t& next_id);

  std::unordered_map<std::uint32_t, AddedToken> by_id_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> ids_;
  std::unordered_map<std::string, bool, Hash, std::equal_to<>> special_;
  Matcher original_;
  Matcher normalized_;
  std::uint32_t id_bound_ = 0;
};

}  // namespace embd
