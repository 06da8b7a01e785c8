#pragma once

#include <cstdint>
#include <vector>

namespace embd {

// One part of a result: a whole sequence, or a token that stands between them.
struct LayoutPart {
  enum class Kind : std::uint8_t { kFirst, kSecond, kSpecial };

  Kind kind = Kind::kFirst;
  std::uint32_t id = 0;  // of a special token
  std::uint32_t type_id = 0;
};

// How the tokens of one or two sequences and the special ones follow each other in the result.
struct Layout {
  std::vector<LayoutPart> parts;

  std::uint32_t special_count() const {
    std::uint32_t count = 0;
    for (const LayoutPart& part : parts) count += part.kind == LayoutPart::Kind::kSpecial ? 1 : 0;
    return count;
  }
};

// Cuts whitespace off the offsets of tokens; with `keep_added_space` not the one space that the
// pre-tokenizer may have added to the first token.
struct OffsetTrim {
  bool keep_added_space = false;
};

// The component under "post_processor" in tokenizer.json, worked out. The default is that of a file
// without one.
struct PostProcessor {
  bool has_layout = false;        // it says what the layouts are
  std::vector<OffsetTrim> trims;  // one after the other, before anything is laid out
  Layout single{{{LayoutPart::Kind::kFirst, 0, 0}}};
  Layout pair{{{LayoutPart::Kind::kFirst, 0, 0}, {LayoutPart::Kind::kSecond, 0, 1}}};
};

}  // namespace embd
