#include "tokenizer/normalizers/strip.h"

#include "unicode/char_properties.h"
#include "unicode/utf8.h"

namespace embd {

std::unique_ptr<Normalizer> StripNormalizer::FromJson(const JsonValue& json) {
  return std::make_unique<StripNormalizer>(json.Get("strip_left").Bool(),
                                           json.Get("strip_right").Bool());
}

Result<void> StripNormalizer::Normalize(NormalizedText& text, NormalizedText& spare) const {
  const std::string_view view = text.text;
  std::size_t begin = 0;
  std::size_t end = view.size();
  while (left_ && begin < end) {
    const unicode::DecodedChar c = unicode::DecodeValid(view.data() + begin);
    if (!unicode::IsWhitespace(c.scalar)) break;
    begin += c.length;
  }
  while (right_ && end > begin) {
    const std::size_t last = unicode::LastCharBegin(view.substr(0, end));
    if (!unicode::IsWhitespace(unicode::DecodeValid(view.data() + last).scalar)) break;
    end = last;
  }
  if (begin == 0 && end == view.size()) return {};
  TextRewriter rewriter(text, spare);
  rewriter.Drop(begin);
  rewriter.Keep(end - begin);
  rewriter.Finish();
  return {};
}

}  // namespace embd
