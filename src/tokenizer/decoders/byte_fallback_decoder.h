#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"

namespace embd {

// The decoder ByteFallback: runs of tokens like <0x61> become the text that their bytes are.
class ByteFallbackDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  void Decode(std::vector<std::string>& parts) const override;
};

}  // namespace embd
