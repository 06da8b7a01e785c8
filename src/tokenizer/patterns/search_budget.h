#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace embd {

// Steps that all searching for one expression in one text may take: proportional to the text, and
// enough for any expression that a tokenizer would sensibly have.
inline std::int64_t SearchBudget(std::size_t text_size) {
  return (std::int64_t{1} << 22) + 64 * static_cast<std::int64_t>(text_size);
}

// What a search fails with when they do not do. `name` stands for the expression.
Error TooManySteps(const std::string& name);

}  // namespace embd
