#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/patterns/char_set.h"

namespace embd {

// Maps characters to symbols, small numbers from 0 on, so that characters have the same symbol when
// each of some sets has all or none of them. To an expression over these sets only symbols matter,
// and there are few: it can be matched without any knowledge of Unicode.
class SymbolMap {
 public:
  // Throws RegexError when there are too many symbols.
  explicit SymbolMap(std::span<const CharSet> sets);

  std::uint32_t size() const { return size_; }
  std::uint32_t SymbolOf(char32_t c) const {
    return blocks_[std::size_t{index_[c >> kBlockBits]} * kBlockSize + (c & (kBlockSize - 1))];
  }
  std::span<const std::uint16_t> ascii() const { return {ascii_, 128}; }

  // The symbols of the characters in the set of that number, in ascending order.
  const std::vector<std::uint16_t>& SymbolsOf(std::size_t set) const { return symbols_[set]; }

 private:
  static constexpr unsigned kBlockBits = 7;
  static constexpr std::size_t kBlockSize = std::size_t{1} << kBlockBits;

  struct Interval {
    char32_t first;
    std::uint16_t symbol;
  };
  std::vector<Interval> Partition(std::span<const CharSet> sets);
  void FillTable(std::span<const Interval> intervals);

  std::uint32_t size_ = 0;
  std::vector<std::vector<std::uint16_t>> symbols_;
  std::vector<std::uint16_t> index_;
  std::vector<std::uint16_t> blocks_;
  std::uint16_t ascii_[128] = {};
};

}  // namespace embd
