#pragma once

#include <vector>

#include "api/embed.h"

namespace embd {

// The cosine between the first row of `embeddings` and each of the others. Rows of zeros have no
// direction: two of them are alike (1), one is unlike everything else (0).
std::vector<float> SimilaritiesToFirst(const EmbedResponse& embeddings);

}  // namespace embd
