#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// Precompiled: the character map of a SentencePiece model, a double array of byte strings whose
// values are places in a block of zero-terminated replacements. A grapheme cluster of fewer than
// six bytes that starts with an entry is replaced as a whole; otherwise each character is looked
// up. (That is what the reference does, and what the models were made with.)
class Precompiled : public Normalizer {
 public:
  // Throws LoadError for a map that does not decode or points outside itself.
  static std::unique_ptr<Normalizer> FromJson(const JsonValue& json);

  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;
  std::size_t resident_bytes() const override {
    return units_.capacity() * sizeof(units_[0]) + replacements_.capacity();
  }

 private:
  class Output;

  Precompiled(const JsonValue& place, std::string_view map);

  // The replacement for the shortest entry that `text` starts with.
  std::optional<std::string_view> Find(std::string_view text) const;
  // Replaces `part`, the next bytes of the text, if it has an entry.
  bool ReplacePart(std::string_view part, Output& output) const;
  // Bytes at the start of `text` that stay as they are, as far as that is seen at a glance.
  std::size_t PlainAscii(std::string_view text) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
  bool maps_ascii_ = false;  // whether any printable ASCII character starts an entry
};

}  // namespace embd
