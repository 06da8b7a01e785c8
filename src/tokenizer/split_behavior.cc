#include "tokenizer/split_behavior.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace embd {

SplitBehavior SplitBehaviorFromJson(const JsonValue& json) {
  constexpr std::pair<std::string_view, SplitBehavior> kNames[] = {
      {"Removed", SplitBehavior::kRemoved},
      {"Isolated", SplitBehavior::kIsolated},
      {"MergedWithPrevious", SplitBehavior::kMergedWithPrevious},
      {"MergedWithNext", SplitBehavior::kMergedWithNext},
      {"Contiguous", SplitBehavior::kContiguous},
  };
  for (const auto& [name, behavior] : kNames) {
    if (json.String() == name) return behavior;
  }
  json.Fail("Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous",
            fmt::format("\"{}\"", json.String()));
}

void SplitBuilder::Add(std::uint32_t begin, std::uint32_t end, bool delimiter) {
  bool joins = false;
  switch (behavior_) {
    case SplitBehavior::kRemoved:
      if (!delimiter) Push(begin, end);
      return;
    case SplitBehavior::kIsolated:
      Push(begin, end);
      return;
    case SplitBehavior::kMergedWithPrevious:
      joins = delimiter && !after_delimiter_;
      break;
    case SplitBehavior::kMergedWithNext:
      joins = !delimiter && after_delimiter_;
      break;
    case SplitBehavior::kContiguous:
      joins = delimiter == after_delimiter_;
      break;
  }
  if (joins && open_) {
    current_.end = end;
  } else {
    Finish();
    current_ = {begin, end};
    open_ = true;
  }
  after_delimiter_ = delimiter;
}

void SplitBuilder::Finish() {
  if (open_) Push(current_.begin, current_.end);
  open_ = false;
}

Result<void> SplitOnMatches(Segment& segment, const TextPattern& pattern, SplitBehavior behavior,
                            bool invert) {
  Result<void> result;
  std::vector<ByteRange>& matches = segment.matches;
  SplitPieces(segment, [&](const Piece& piece, std::vector<Piece>& out) {
    matches.clear();
    if (!result) return;
    result = pattern.FindAll(segment.TextOf(piece), matches);
    SplitBuilder builder(behavior, out);
    std::uint32_t done = piece.begin;
    for (const ByteRange& match : matches) {
      const std::uint32_t begin = piece.begin + match.begin;
      const std::uint32_t end = piece.begin + match.end;
      if (done < begin) builder.Add(done, begin, invert);
      builder.Add(begin, end, !invert);
      done = end;
    }
    if (done < piece.end) builder.Add(done, piece.end, invert);
    builder.Finish();
  });
  return result;
}

}  // namespace embd
