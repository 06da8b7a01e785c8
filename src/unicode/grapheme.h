#pragma once

#include <cstddef>
#include <string_view>

namespace embd::unicode {

// Bytes of the extended grapheme cluster at the start of `text`, valid UTF-8 and not empty, as the
// reference's Precompiled normalizer sees them. Flags in pairs, of four bytes a half, are not kept
// together: it treats clusters of six bytes and more character by character anyway.
std::size_t GraphemeLength(std::string_view text);

}  // namespace embd::unicode
