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
  std::size_t at = 0;
  while (text.substr(at).starts_with(start)) at += start.size();
  while (at + start.size() <= text.size() &&
         (text[at] != start[0] || !text.substr(at).starts_with(start))) {
    ++at;
  }
  return at + start.size() <= text.size() ? at : text.size();
}

}  // namespace embd
