#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"

namespace embd {

// The decoder Fuse: joins all parts, so that what follows sees one.
class FuseDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  void Decode(std::vector<std::string>& parts) const override;
};

}  // namespace embd
