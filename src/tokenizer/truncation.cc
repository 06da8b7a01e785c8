#include "tokenizer/truncation.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace embd {
namespace {

// The one sequence that may lose tokens loses `excess`, but not its last one.
Result<std::size_t> CutOne(std::size_t length, std::size_t excess) {
  if (length > excess) return length - excess;
  return Error{
      ErrorKind::kTokenizer,
      "Truncation error: Sequence to truncate too short to respect the provided max_length"};
}

Result<KeptTokens> ApplyStrategy(std::size_t first, std::optional<std::size_t> second,
                                 const TruncationRule& rule) {
  const std::size_t total = first + second.value_or(0);
  if (total <= rule.limit) return KeptTokens{first, second.value_or(0)};
  if (rule.limit == 0) return KeptTokens{};
  if (rule.strategy == TruncationStrategy::kLongestFirst) {
    return TruncateLongestFirst(first, second.value_or(0), rule.limit);
  }
  const bool cuts_first = rule.strategy == TruncationStrategy::kOnlyFirst;
  if (!cuts_first && !second) {
    return Error{ErrorKind::kTokenizer, "Truncation error: Second sequence not provided"};
  }
  Result<std::size_t> kept = CutOne(cuts_first ? first : *second, total - rule.limit);
  if (!kept) return std::move(kept).error();
  return cuts_first ? KeptTokens{*kept, second.value_or(0)} : KeptTokens{first, *kept};
}

bool StrideFits(std::size_t length, std::size_t kept, std::size_t stride) {
  return kept == length || kept == 0 || stride < kept;
}

}  // namespace

Result<KeptTokens> Truncate(std::size_t first, std::optional<std::size_t> second,
                            const TruncationRule& rule) {
  Result<KeptTokens> kept = ApplyStrategy(first, second, rule);
  if (!kept) return kept;
  if (!StrideFits(first, kept->first, rule.stride) ||
      !StrideFits(second.value_or(0), kept->second, rule.stride)) {
    return Error{
        ErrorKind::kTokenizer,
        fmt::format("Truncation error: the stride {} is not less than what is kept", rule.stride)};
  }
  return kept;
}

KeptTokens TruncateLongestFirst(std::size_t first, std::size_t second, std::size_t limit) {
  if (first + second <= limit) return {first, second};
  const bool swapped = first > second;
  std::size_t shorter = std::min(first, second);
  std::size_t longer = shorter > limit ? shorter : std::max(shorter, limit - shorter);
  if (shorter + longer > limit) {
    shorter = limit / 2;
    longer = shorter + limit % 2;
  }
  if (swapped) std::swap(shorter, longer);
  return {shorter, longer};
}

}  // namespace embd
