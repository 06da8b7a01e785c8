#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"
#include "tokenizer/patterns/text_pattern.h"

namespace embd {

// The decoder Replace: replaces what matches in each part.
class ReplaceDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  ReplaceDecoder(std::unique_ptr<TextPattern> pattern, std::string content);
  void Decode(std::vector<std::string>& parts) const override;

 private:
  std::unique_ptr<TextPattern> pattern_;
  std::string content_;
};

}  // namespace embd
