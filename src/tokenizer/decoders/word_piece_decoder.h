#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/decoders/decoder.h"

namespace embd {

// The decoder WordPiece: a space before each token but the first, except where the continuing
// prefix says otherwise; optionally English punctuation and contractions tidied up.
class WordPieceDecoder : public Decoder {
 public:
  static std::unique_ptr<Decoder> FromJson(const JsonValue& json);
  WordPieceDecoder(std::string prefix, bool cleanup);
  void Decode(std::vector<std::string>& parts) const override;

 private:
  std::string prefix_;
  bool cleanup_;
};

// The tidying up, applied to each part by itself.
std::string CleanUpTokenization(std::string text);

}  // namespace embd
