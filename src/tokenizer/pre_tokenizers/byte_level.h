#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/patterns/gpt_pattern.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace embd {

// ByteLevel: optionally a space at the start and GPT-2's splitting; then every byte becomes the
// character that stands for it (byte_level_alphabet.h), unless KeepBytes leaves that to the model.
class ByteLevel : public PreTokenizer {
 public:
  static std::unique_ptr<PreTokenizer> FromJson(const JsonValue& json);
  ByteLevel(bool add_prefix_space, bool use_regex)
      : add_prefix_space_(add_prefix_space), use_regex_(use_regex) {}

  Result<void> PreTokenize(Segment& segment) const override;
  bool EndsWithByteChars() const override { return true; }
  void KeepBytes() override { keep_bytes_ = true; }

 private:
  bool add_prefix_space_;
  bool use_regex_;
  bool keep_bytes_ = false;
  GptPattern pattern_{GptPattern::Flavor::kGpt2};
};

}  // namespace embd
