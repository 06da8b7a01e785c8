#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"

namespace embd {

// The decoder Strip: drops up to so many of one character from both ends of each part.
class StripDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  StripDecoder(char32_t content, std::uint64_t start, std::uint64_t stop);
  void Decode(std::vector<std::string>& parts) const override;

 private:
  std::string content_;  // one character
  std::uint64_t start_;
  std::uint64_t stop_;
};

}  // namespace embd
