#include "tokenizer/patterns/literal_pattern.h"

namespace embd {

Result<void> LiteralPattern::FindAll(std::string_view text, std::vector<ByteRange>& matches) const {
  for (std::size_t at = text.find(literal_); at != std::string_view::npos;
       at = text.find(literal_, at + literal_.size())) {
    matches.push_back(
        {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + literal_.size())});
  }
  return {};
}

}  // namespace embd
