#include "tokenizer/patterns/symbol_map.h"

#include <algorithm>
#include <array>
#include <map>

#include "tokenizer/patterns/regex_tree.h"

namespace embd {
namespace {

constexpr std::size_t kMaxSymbols = 0xFFFF;

}  // namespace

SymbolMap::SymbolMap(std::span<const CharSet> sets) {
  FillTable(Partition(sets));
  for (char32_t c = 0; c < 128; ++c) ascii_[c] = static_cast<std::uint16_t>(SymbolOf(c));
}

std::vector<SymbolMap::Interval> SymbolMap::Partition(std::span<const CharSet> sets) {
  std::vector<char32_t> cuts = {0};
  for (const CharSet& set : sets) {
    for (const CharRange& range : set.ranges()) {
      cuts.push_back(range.first);
      if (range.last < kLastChar) cuts.push_back(range.last + 1);
    }
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  // Splits classes of intervals, set by set, by whether they are inside.
  std::vector<std::uint32_t> classes(cuts.size(), 0);
  std::uint32_t count = 1;
  std::vector<std::vector<std::uint32_t>> inside(sets.size());
  for (std::size_t s = 0; s < sets.size(); ++s) {
    std::map<std::uint32_t, std::uint32_t> renamed;
    for (const CharRange& range : sets[s].ranges()) {
      auto at = std::lower_bound(cuts.begin(), cuts.end(), range.first) - cuts.begin();
      for (; at < std::ssize(cuts) && cuts[at] <= range.last; ++at) {
        inside[s].push_back(static_cast<std::uint32_t>(at));
      }
    }
    for (const std::uint32_t at : inside[s]) {
      const auto [place, added] = renamed.emplace(classes[at], count);
      if (added) ++count;
      classes[at] = place->second;
    }
  }
  // Classes that a renaming has emptied leave holes.
  std::map<std::uint32_t, std::uint16_t> symbols;
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    if (symbols.size() == kMaxSymbols) throw RegexError("it tells too many characters apart");
    const auto next = static_cast<std::uint16_t>(symbols.size());
    intervals.push_back({cuts[i], symbols.emplace(classes[i], next).first->second});
  }
  size_ = static_cast<std::uint32_t>(symbols.size());
  for (const std::vector<std::uint32_t>& members : inside) {
    std::vector<std::uint16_t>& list = symbols_.emplace_back();
    for (const std::uint32_t at : members) list.push_back(intervals[at].symbol);
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return intervals;
}

void SymbolMap::FillTable(std::span<const Interval> intervals) {
  std::map<std::array<std::uint16_t, kBlockSize>, std::uint16_t> known;
  std::size_t interval = 0;
  for (char32_t c = 0; c <= kLastChar; c += kBlockSize) {
    std::array<std::uint16_t, kBlockSize> block;
    for (std::size_t i = 0; i < kBlockSize; ++i) {
      while (interval + 1 < intervals.size() && intervals[interval + 1].first <= c + i) ++interval;
      block[i] = intervals[interval].symbol;
    }
    const auto next = static_cast<std::uint16_t>(known.size());
    const auto [place, added] = known.emplace(block, next);
    if (added) blocks_.insert(blocks_.end(), block.begin(), block.end());
    index_.push_back(place->second);
  }
}

}  // namespace embd
