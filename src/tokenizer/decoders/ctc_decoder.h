#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"

namespace embd {

// The decoder CTC: drops repetitions and padding, and writes the word delimiter as a space.
class CtcDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  CtcDecoder(std::string pad, std::string delimiter, bool cleanup);
  void Decode(std::vector<std::string>& parts) const override;

 private:
  std::string pad_;
  std::string delimiter_;
  bool cleanup_;
};

}  // namespace embd
