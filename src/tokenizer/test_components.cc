#include "tokenizer/test_components.h"

#include <gtest/gtest.h>

#include "base/load_error.h"
#include "tokenizer/models/model_scratch.h"

namespace embd {
namespace {

std::unique_ptr<const Tokenizer> LoadPostProcessor(const std::string& json,
                                                   const std::string& pre_tokenizer) {
  const std::string vocab = R"({"u":0,"a":1,"b":2,"c":3,"Ġa":4,"Ġb":5,"Ġ":6})";
  return Tokenizer::LoadText(R"({"pre_tokenizer":)" + pre_tokenizer + R"(,"post_processor":)" +
                                 json + R"(,"model":{"type":"WordLevel","vocab":)" + vocab +
                                 R"(,"unk_token":"u"}})",
                             "test");
}

TokenizerParts LoadWith(const std::string& key, const std::string& component) {
  const std::string json = "{\"" + key + "\":" + component +
                           R"(,"model":{"type":"WordLevel","vocab":{"x":0},"unk_token":"x"}})";
  const JsonDocument document = JsonDocument::Parse(json, "test");
  return LoadTokenizerJson(document.root());
}

NormalizedText Normalized(const Normalizer& normalizer, std::string_view original, bool track) {
  NormalizedText text;
  NormalizedText spare;
  text.Assign(original, track);
  EXPECT_TRUE(normalizer.Normalize(text, spare));
  EXPECT_EQ(text.origins.size(), track ? text.text.size() : 0);
  return text;
}

}  // namespace

TestNormalizer::TestNormalizer(const std::string& json) : parts_(LoadWith("normalizer", json)) {}

std::string TestNormalizer::operator()(std::string_view text) const {
  const std::string plain = Normalized(*parts_.normalizer, text, /*track=*/false).text;
  EXPECT_EQ(Normalized(*parts_.normalizer, text, /*track=*/true).text, plain);
  return plain;
}

std::vector<ByteRange> TestNormalizer::Origins(std::string_view text) const {
  return Normalized(*parts_.normalizer, text, /*track=*/true).origins;
}

TestPreTokenizer::TestPreTokenizer(const std::string& json)
    : parts_(LoadWith("pre_tokenizer", json)) {}

Pieces TestPreTokenizer::operator()(std::string_view text) const {
  Segment segment;
  segment.text.Assign(text, /*track=*/true);
  segment.pieces = {{0, static_cast<std::uint32_t>(text.size())}};
  EXPECT_TRUE(parts_.pre_tokenizer->PreTokenize(segment));
  EXPECT_EQ(segment.text.origins.size(), segment.text.text.size());
  Pieces pieces;
  for (const Piece& piece : segment.pieces) pieces.emplace_back(segment.TextOf(piece));
  return pieces;
}

TestDecoder::TestDecoder(const std::string& json) : parts_(LoadWith("decoder", json)) {}

Pieces TestDecoder::operator()(Pieces tokens) const {
  parts_.decoder->Decode(tokens);
  return tokens;
}

TestPostProcessor::TestPostProcessor(const std::string& json, const std::string& pre_tokenizer)
    : tokenizer_(LoadPostProcessor(json, pre_tokenizer)) {}

Encoding TestPostProcessor::Encode(std::string_view text, EncodeOptions options) const {
  options.details = true;
  Tokenizer::Scratch scratch;
  Encoding encoding;
  EXPECT_TRUE(tokenizer_->Encode(text, options, scratch, encoding));
  return encoding;
}

Encoding TestPostProcessor::operator()(std::string_view first, std::string_view second) const {
  Tokenizer::Scratch scratch;
  Encoding encoding;
  EXPECT_TRUE(tokenizer_->EncodePair(first, second, {.details = true}, scratch, encoding));
  return encoding;
}

std::vector<Token> WordTokens(const TokenModel& model, const std::string& word) {
  const Piece piece{1, static_cast<std::uint32_t>(word.size() + 1)};
  ModelScratch scratch;
  std::vector<Token> tokens;
  EXPECT_TRUE(model.Tokenize(">" + word + "<", {&piece, 1}, scratch, tokens));
  return tokens;
}

std::string PostProcessorError(const std::string& json) {
  try {
    LoadPostProcessor(json, "null");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace embd
