#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"

namespace embd {

// The decoder ByteLevel: the bytes that the characters of the tokens stand for, as one text.
class ByteLevelDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  void Decode(std::vector<std::string>& parts) const override;
};

}  // namespace embd
