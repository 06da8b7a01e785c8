#pragma once

#include <optional>
#include <string_view>

#include "tokenizer/patterns/char_set.h"

namespace embd {

// The set that \p{name} stands for in the reference's expressions: general categories, scripts and
// some other properties. Case, spaces, '-' and '_' in the name do not count. Nothing when the name
// is not known.
std::optional<CharSet> FindNamedSet(std::string_view name);

// The set that [:name:] stands for. Nothing when the name is not known.
std::optional<CharSet> FindPosixSet(std::string_view name);

// \w, \s, \d and \h in a character class. Outside, \w (and \b) takes some fractions and exponents
// for parts of words, too: that is LoneWordChars.
CharSet WordChars();
CharSet LoneWordChars();
CharSet SpaceChars();
CharSet DigitChars();
CharSet HexDigitChars();

}  // namespace embd
