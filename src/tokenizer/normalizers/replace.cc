#include "tokenizer/normalizers/replace.h"

#include <utility>
#include <vector>

namespace embd {

std::unique_ptr<Normalizer> Replace::FromJson(const JsonValue& json) {
  return std::make_unique<Replace>(TextPattern::FromJson(json.Get("pattern")),
                                   std::string(json.Get("content").String()));
}

Replace::Replace(std::unique_ptr<TextPattern> pattern, std::string content)
    : pattern_(std::move(pattern)), content_(std::move(content)) {}

Result<void> Replace::Normalize(NormalizedText& text, NormalizedText& spare) const {
  std::vector<ByteRange>& matches = spare.matches;
  matches.clear();
  if (Result<void> done = pattern_->FindAll(text.text, matches); !done) return done;
  if (matches.empty()) return {};
  TextRewriter rewriter(text, spare);
  for (const ByteRange& match : matches) {
    rewriter.Keep(match.begin - rewriter.position());
    rewriter.Drop(match.end - match.begin);
    rewriter.Insert(content_);
  }
  rewriter.Keep(text.text.size() - rewriter.position());
  rewriter.Finish();
  return {};
}

}  // namespace embd
