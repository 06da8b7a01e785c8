#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"
#include "tokenizer/pre_tokenizers/metaspace.h"

namespace embd {

// The decoder Metaspace: the replacement becomes a space again, but not at the start if it was put
// there.
class MetaspaceDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  explicit MetaspaceDecoder(MetaspaceOptions options) : options_(std::move(options)) {}
  void Decode(std::vector<std::string>& parts) const override;

 private:
  MetaspaceOptions options_;
};

}  // namespace embd
