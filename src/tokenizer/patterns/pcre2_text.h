#pragma once

#include <cstdint>
#include <string>

#include "tokenizer/patterns/regex_tree.h"
#include "tokenizer/patterns/symbol_map.h"

namespace embd {

// The expression in PCRE2's syntax, over the symbols of `map` or, when that is null, over
// characters. Throws RegexError when the compiled form would grow beyond bounds.
std::string Pcre2Text(const RegexTree& tree, const SymbolMap* map);

}  // namespace embd
