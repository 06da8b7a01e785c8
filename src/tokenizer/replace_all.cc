#include "tokenizer/replace_all.h"

namespace embd {

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  while (!from.empty()) {
    const std::size_t found = text.find(from);
    if (found == std::string_view::npos) break;
    result += text.substr(0, found);
    result += to;
    text.remove_prefix(found + from.size());
  }
  result += text;
  return result;
}

}  // namespace embd
