#pragma once

#include <string>

#include "tokenizer/vocabulary.h"

namespace embd {

// The character that most tokens start with among those that no token has after another character
// ("▁" where a vocabulary was made of words): no token reaches from before it to what it starts.
// Empty when there is none.
std::string FindWordStart(const Vocabulary& vocabulary);

// Length of the part of `text` up to the first `start`, not empty, that follows something else.
inline std::size_t UpToWordStart(std::string_view text, std::string_view start) {
  if (text.size() < start.size()) return text.size();
  const std::size_t last = text.size() - start.size();
  // By hand: a call for each byte takes longer than the comparison.
  const auto starts_at = [text, start](std::size_t at) {
    for (std::size_t i = 0; i < start.size(); ++i) {
      if (text[at + i] != start[i]) return false;
    }
    return true;
  };
  std::size_t at = 0;
  while (at <= last && starts_at(at)) at += start.size();
  while (at <= last && !starts_at(at)) ++at;
  return at <= last ? at : text.size();
}

}  // namespace embd
