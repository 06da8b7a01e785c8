#include "tokenizer/models/word_start.h"

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "unicode/utf8.h"

namespace embd {

std::string FindWordStart(const Vocabulary& vocabulary) {
  constexpr std::size_t kScalars = 0x110000;
  std::vector<bool> follows(kScalars);  // characters that some token has after another one
  for (std::uint32_t id = 0; id < vocabulary.id_bound(); ++id) {
    const std::string_view text = vocabulary.Text(id);
    char32_t previous = kScalars;
    for (std::size_t at = 0; at < text.size();) {
      const unicode::DecodedChar c = unicode::DecodeValid(text.data() + at);
      if (at > 0 && c.scalar != previous) follows[c.scalar] = true;
      previous = c.scalar;
      at += c.length;
    }
  }
  std::unordered_map<char32_t, std::size_t> counts;
  char32_t best = kScalars;
  for (std::uint32_t id = 0; id < vocabulary.id_bound(); ++id) {
    const std::string_view text = vocabulary.Text(id);
    if (text.empty()) continue;
    const unicode::DecodedChar c = unicode::DecodeValid(text.data());
    if (c.length == text.size() || follows[c.scalar]) continue;
    if (++counts[c.scalar] > (best == kScalars ? 0 : counts[best])) best = c.scalar;
  }
  std::string start;
  if (best != kScalars) unicode::Append(start, best);
  return start;
}

}  // namespace embd
