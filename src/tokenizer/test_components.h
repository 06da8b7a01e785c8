#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/load_tokenizer_json.h"
#include "tokenizer/tokenizer.h"

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

// A post-processor behind the tokens u a b c Ġa Ġb Ġ of the ids 0 to 6, where u stands for all
// others.
class TestPostProcessor {
 public:
  // `pre_tokenizer` is the value of that member.
  explicit TestPostProcessor(const std::string& json,
                             const std::string& pre_tokenizer = R"({"type":"WhitespaceSplit"})");
  Encoding operator()(std::string_view text) const { return Encode(text, {}); }
  Encoding operator()(std::string_view first, std::string_view second) const;
  Encoding Encode(std::string_view text, EncodeOptions options) const;

 private:
  std::unique_ptr<const Tokenizer> tokenizer_;
};

// The tokens of `word`, which stands from byte 1 of its text on.
std::vector<Token> WordTokens(const TokenModel& model, const std::string& word);

// What loading a tokenizer.json with this post-processor ends with.
std::string PostProcessorError(const std::string& json);

}  // namespace embd
