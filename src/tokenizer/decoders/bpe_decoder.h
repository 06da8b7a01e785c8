#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"

namespace embd {

// The decoder BPEDecoder: the end-of-word suffix becomes a space, at the end of the text nothing.
class BpeDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  explicit BpeDecoder(std::string suffix) : suffix_(std::move(suffix)) {}
  void Decode(std::vector<std::string>& parts) const override;

 private:
  std::string suffix_;
};

}  // namespace embd
