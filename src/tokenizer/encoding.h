#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace embd {

// Half-open range of bytes of the UTF-8 text that was given to Encode.
struct ByteRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const ByteRange&) const = default;
};

// The tokens of one input: parallel arrays of equal length, except that `offsets`,
// `special_tokens_mask` and `sequence_ids` stay empty unless details were asked for.
struct Encoding {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> type_ids;
  std::vector<ByteRange> offsets;                 // {0,0} for tokens that the post-processor added
  std::vector<std::uint8_t> special_tokens_mask;  // 1 for tokens that the post-processor added

  void Clear() {
    ids.clear();
    type_ids.clear();
    offsets.clear();
    special_tokens_mask.clear();
  }
};

enum class TruncationSide : std::uint8_t { kRight, kLeft };

// Which sequence of a pair loses tokens. Longest first: the longer one until both are equally long,
// then both. Otherwise only that one, and it is an error when it has too few (or is not there).
enum class TruncationStrategy : std::uint8_t { kLongestFirst, kOnlyFirst, kOnlySecond };

struct EncodeOptions {
  bool add_special_tokens = true;
  // Longest result in tokens, special tokens included; 0: unlimited.
  std::uint32_t max_length = 0;
  TruncationSide truncation_side = TruncationSide::kRight;
  TruncationStrategy truncation_strategy = TruncationStrategy::kLongestFirst;
  // How far the parts that are cut off would overlap in the reference. They are not given out, so
  // all it does is this: a sequence that is cut must keep more tokens than that.
  std::uint32_t stride = 0;
  // Fill offsets and special_tokens_mask.
  bool details = false;
};

}  // namespace embd
