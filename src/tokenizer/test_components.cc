#include "tokenizer/test_components.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

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

}  // namespace embd
