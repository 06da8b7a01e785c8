#include "tokenizer/patterns/search_budget.h"

#include <fmt/core.h>

namespace embd {

Error TooManySteps(const std::string& name) {
  return {ErrorKind::kTokenizer,
          fmt::format("the text takes the tokenizer's expression {} too many steps", name)};
}

}  // namespace embd
