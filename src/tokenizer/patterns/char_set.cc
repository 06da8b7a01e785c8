#include "tokenizer/patterns/char_set.h"

#include <algorithm>

namespace embd {

void CharSet::Add(std::span<const CharRange> ranges) {
  ranges_.insert(ranges_.end(), ranges.begin(), ranges.end());
  std::sort(ranges_.begin(), ranges_.end());
  std::size_t kept = 0;
  for (std::size_t i = 1; i < ranges_.size(); ++i) {
    if (ranges_[i].first <= ranges_[kept].last + 1) {
      ranges_[kept].last = std::max(ranges_[kept].last, ranges_[i].last);
    } else {
      ranges_[++kept] = ranges_[i];
    }
  }
  if (!ranges_.empty()) ranges_.resize(kept + 1);
}

CharSet CharSet::Complement() const {
  CharSet result;
  char32_t next = 0;
  for (const CharRange& range : ranges_) {
    if (range.first > next) result.ranges_.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastChar) result.ranges_.push_back({next, kLastChar});
  return result;
}

CharSet CharSet::Intersection(const CharSet& other) const {
  CharSet outside = Complement();
  outside.Add(other.Complement());
  return outside.Complement();
}

bool CharSet::Contains(char32_t c) const {
  const auto after = std::partition_point(ranges_.begin(), ranges_.end(),
                                          [c](const CharRange& range) { return range.first <= c; });
  return after != ranges_.begin() && (after - 1)->last >= c;
}

}  // namespace embd
