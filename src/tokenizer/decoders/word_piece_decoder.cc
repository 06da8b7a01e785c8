#include "tokenizer/decoders/word_piece_decoder.h"

#include <string_view>
#include <utility>

#include "tokenizer/replace_all.h"

namespace embd {
namespace {

constexpr std::pair<std::string_view, std::string_view> kCleanups[] = {
    {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
    {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
    {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};

}  // namespace

std::string CleanUpTokenization(std::string text) {
  for (const auto& [from, to] : kCleanups) {
    if (text.find(from) != std::string::npos) text = ReplaceAll(text, from, to);
  }
  return text;
}

std::unique_ptr<Decoder> WordPieceDecoder::FromJson(const JsonValue& json) {
  return std::make_unique<WordPieceDecoder>(std::string(json.Get("prefix").String()),
                                            json.Get("cleanup").Bool());
}

WordPieceDecoder::WordPieceDecoder(std::string prefix, bool cleanup)
    : prefix_(std::move(prefix)), cleanup_(cleanup) {}

void WordPieceDecoder::Decode(std::vector<std::string>& parts) const {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string& part = parts[i];
    if (i > 0) {
      if (part.starts_with(prefix_)) {
        part.erase(0, prefix_.size());
      } else {
        part.insert(0, 1, ' ');
      }
    }
    if (cleanup_) part = CleanUpTokenization(std::move(part));
  }
}

}  // namespace embd
