#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokenizer/encoding.h"

namespace embd {

// What a model adds to its tokenizer.json.
struct TokenizerOptions {
  // A special token after each sequence, on top of what the file says (end_of_text_processing.h).
  std::optional<std::uint32_t> end_of_text_id = std::nullopt;
};

// A tokenizer.json, ready to encode. The reference is Hugging Face `tokenizers`: same ids, type
// ids, masks and (byte) offsets. Immutable, one for all threads; each thread brings its Scratch.
class Tokenizer {
 public:
  // Far beyond any use; it keeps all offsets within 32 bits however much the text grows on the way.
  static constexpr std::size_t kMaxTextBytes = std::size_t{1} << 27;

  // Buffers that grow to the largest text seen and are then reused. One thread at a time.
  class Scratch {
   public:
    Scratch();
    ~Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;

    // Bytes that a scratch occupies once it is in use, without what grows with the texts.
    static std::size_t FixedBytes();

   private:
    friend class Tokenizer;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  // Throws LoadError naming the file and the component for anything missing, malformed or unknown;
  // a component that cannot be honoured is refused, never skipped.
  static std::unique_ptr<const Tokenizer> Load(const std::filesystem::path& tokenizer_json,
                                               const TokenizerOptions& options = {});
  // The same for the content of a file; `origin` names it in messages.
  static std::unique_ptr<const Tokenizer> LoadText(std::string_view json, std::string origin,
                                                   const TokenizerOptions& options = {});
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // Replaces the content of `out`. Errors are of kind kTokenizer: a text that is not valid UTF-8 or
  // longer than kMaxTextBytes, that the model has no tokens for (and no unknown token either), that
  // takes an expression of the file too many steps, or that cannot be truncated as asked.
  Result<void> Encode(std::string_view text, const EncodeOptions& options, Scratch& scratch,
                      Encoding& out) const;
  Result<void> EncodePair(std::string_view first, std::string_view second,
                          const EncodeOptions& options, Scratch& scratch, Encoding& out) const;

  // The text of a token id as the vocabulary or the added tokens spell it; empty when unknown.
  std::string_view IdToToken(std::uint32_t id) const;
  // Ids of the text with the vocabulary's decoder applied; unknown ids are left out.
  std::string Decode(std::span<const std::uint32_t> ids, bool skip_special_tokens) const;

  // One more than the largest id that Encode can give.
  std::uint32_t id_bound() const;
  // Bytes that the tables of this tokenizer occupy.
  std::size_t resident_bytes() const;
  // Bytes of the model's vocabulary if it were written plainly: the text of each token with its id
  // (4) or score (8), and 8 for each merge. What the tables are to be compared with.
  std::size_t vocabulary_bytes() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd
