#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/patterns/regex_tree.h"
#include "tokenizer/patterns/symbol_map.h"
#include "tokenizer/patterns/text_pattern.h"

namespace embd {

// The form that nearly all published tokenizers give their expressions, matched without a general
// engine: alternatives, each of them a few runs of characters of one kind and maybe a look at the
// next character. Take
//
//   [^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?!\S)|\s+
//
// Here only some twelve kinds of characters differ, each a symbol. A run is then a mask of symbols
// and two counts; a table tells which alternatives a symbol can start.
class RunPattern : public TextPattern {
 public:
  // Null when the expression has another form. `name` stands for it in messages.
  static std::unique_ptr<TextPattern> ForTree(const RegexTree& tree, const std::string& name);
  Result<void> FindAll(std::string_view text, std::vector<ByteRange>& matches) const override;

 private:
  using Mask = std::uint64_t;  // a bit for each symbol
  static constexpr std::size_t kMaxSymbols = 64;
  static constexpr std::size_t kNoMatch = std::string_view::npos;

  struct Run {
    Mask mask = 0;
    std::uint32_t min = 1;
    std::uint32_t max = 1;
    // Whether with fewer characters than there are the rest could match where it did not.
    bool gives_back = false;
  };
  struct Alternative {
    std::vector<Run> runs;
    // Strings of symbols, the first of which that follows belongs to the match.
    std::vector<std::vector<Mask>> tails;
    // What must come next, when it matters.
    Mask next = ~Mask{0};
    bool end_may_be_next = true;

    bool looks_ahead() const { return next != ~Mask{0} || !end_may_be_next; }
  };
  class Builder;
  class Matcher;

  RunPattern(SymbolMap map, std::vector<Alternative> alternatives, std::string name);

  SymbolMap map_;
  std::vector<Alternative> alternatives_;            // at most 64
  std::array<std::uint64_t, kMaxSymbols> starts_{};  // by symbol: bits of the alternatives
  std::string name_;
};

}  // namespace embd
