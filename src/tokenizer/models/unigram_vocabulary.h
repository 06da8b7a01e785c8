#pragma once

#include <vector>

#include "json/json_scanner.h"
#include "tokenizer/vocabulary.h"

namespace embd {

// The member "vocab" of a Unigram model: [[token, score], ...] in the order of the ids.
struct UnigramVocabulary {
  Vocabulary tokens;
  std::vector<double> scores;  // by id

  // Reads the array that comes next. False when there is something else, at the place that
  // scores.size() tells. Scores have the value that the reference gives them: it takes the digits
  // as an integer and scales it by a power of ten, which can be off in the last place, and ties
  // between paths are decided there.
  bool Read(JsonScanner& scanner);
};

}  // namespace embd
