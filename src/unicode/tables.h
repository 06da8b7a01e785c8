#pragma once

#include <cstddef>
#include <cstdint>

// Raw tables of tables.cc, which tools/unicode_generate_tables.py writes. Use char_properties.h and
// normalization.h instead.
namespace embd::unicode::tables {

struct Composition {
  char32_t first;
  char32_t second;
  char32_t composed;
};

extern const std::uint16_t kFlagIndex[];
extern const std::uint8_t kFlagBlocks[];
extern const std::uint32_t kFlagCombos[];
extern const std::uint16_t kClassIndex[];
extern const std::uint8_t kClassBlocks[];
extern const std::uint16_t kScriptIndex[];
extern const std::uint8_t kScriptBlocks[];
extern const std::uint8_t kLowerIndex[];
extern const std::uint16_t kLowerBlocks[];
extern const char32_t kLowerPool[];
extern const std::uint8_t kCanonicalIndex[];
extern const std::uint16_t kCanonicalBlocks[];
extern const char32_t kCanonicalPool[];
extern const std::uint8_t kCompatIndex[];
extern const std::uint16_t kCompatBlocks[];
extern const char32_t kCompatPool[];
extern const Composition kCompositions[];
extern const std::size_t kCompositionCount;

}  // namespace embd::unicode::tables
