#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "json/json_document.h"
#include "tokenizer/patterns/literal_pattern.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

enum class PrependScheme : std::uint8_t { kAlways, kFirst, kNever };

// What Metaspace's pre-tokenizer and decoder have in the file.
struct MetaspaceOptions {
  std::string replacement;  // one character
  PrependScheme prepend = PrependScheme::kAlways;
  bool split = true;

  static MetaspaceOptions FromJson(const JsonValue& json);
};

// Metaspace: spaces become a visible character, one is put before the text, and each starts a
// piece.
class Metaspace : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  explicit Metaspace(MetaspaceOptions options);

  Result<void> PreTokenize(Segment& segment) const override;
  bool NeedsOrigins() const override { return options_.prepend == PrependScheme::kFirst; }

 private:
  MetaspaceOptions options_;
  LiteralPattern pattern_;
};

}  // namespace embd
