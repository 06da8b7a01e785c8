#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <vector>

namespace embd {

struct CharRange {
  char32_t first;
  char32_t last;
  // NOLINTNEXTLINE(modernize-use-nullptr): the check takes a comparison's 0 for a pointer
  auto operator<=>(const CharRange&) const = default;
};

inline constexpr char32_t kLastChar = 0x10FFFF;

// A set of characters: ranges in ascending order, none of which touches another.
class CharSet {
 public:
  CharSet() = default;
  CharSet(char32_t first, char32_t last) : ranges_{{first, last}} {}
  static CharSet All() { return {0, kLastChar}; }

  // The characters for which `holds(c)`.
  template <typename Predicate>
  static CharSet Where(Predicate holds) {
    CharSet set;
    for (char32_t c = 0; c <= kLastChar; ++c) {
      if (holds(c)) set.Append(c);
    }
    return set;
  }

  void Add(char32_t first, char32_t last) {
    const CharRange range{first, last};
    Add(std::span(&range, 1));
  }
  void Add(std::span<const CharRange> ranges);
  void Add(const CharSet& other) { Add(other.ranges()); }
  CharSet Complement() const;
  CharSet Intersection(const CharSet& other) const;

  bool Contains(char32_t c) const;
  bool empty() const { return ranges_.empty(); }
  std::span<const CharRange> ranges() const { return ranges_; }
  // NOLINTNEXTLINE(modernize-use-nullptr)
  auto operator<=>(const CharSet&) const = default;

 private:
  // Adds `c`, which is larger than everything in the set.
  void Append(char32_t c) {
    if (!ranges_.empty() && ranges_.back().last + 1 == c) {
      ranges_.back().last = c;
    } else {
      ranges_.push_back({c, c});
    }
  }

  std::vector<CharRange> ranges_;
};

}  // namespace embd
