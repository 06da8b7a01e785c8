#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/load_tokenizer_json.h"

// Single components as the tests of each one use them, loaded the way that a tokenizer.json loads
// them. What the tests expect is what the reference makes of the same; that all of it together
// equals the reference is golden_test.cc's and tools/tokenizer_diff.py's business.

namespace embd {

using Pieces = std::vector<std::string>;
using Origins = std::vector<ByteRange>;

class TestNormalizer {
 public:
  // `json` is the value of "normalizer".
  explicit TestNormalizer(const std::string& json);
  // The normalized text; tracking where it comes from must not change it.
  std::string operator()(std::string_view text) const;
  // The bytes of `text` that each byte of the normalized text comes from.
  std::vector<ByteRange> Origins(std::string_view text) const;

 private:
  TokenizerParts parts_;
};

class TestPreTokenizer {
 public:
  explicit TestPreTokenizer(const std::string& json);
  Pieces operator()(std::string_view text) const;

 private:
  TokenizerParts parts_;
};

class TestDecoder {
 public:
  explicit TestDecoder(const std::string& json);
  Pieces operator()(Pieces tokens) const;

 private:
  TokenizerParts parts_;
};

}  // namespace embd
