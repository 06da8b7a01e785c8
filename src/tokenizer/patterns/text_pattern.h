#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json_document.h"
#include "tokenizer/encoding.h"

namespace embd {

// What Split and Replace look for. Immutable after loading, shared by all threads.
class TextPattern {
 public:
  virtual ~TextPattern() = default;
  // Appends the matches in `text`, from left to right, none overlapping another. Fails when a
  // general expression needs too many steps.
  virtual Result<void> FindAll(std::string_view text, std::vector<ByteRange>& matches) const = 0;

  // Looks for an expression in the reference's syntax. Throws RegexError (regex_tree.h) for one
  // that cannot be honoured.
  static std::unique_ptr<TextPattern> ForExpression(std::string_view expression);
  // Reads {"String": ...} or {"Regex": ...}. Throws LoadError for an expression that cannot be
  // honoured.
  static std::unique_ptr<TextPattern> FromJson(const JsonValue& json);
};

}  // namespace embd
