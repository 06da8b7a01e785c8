#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/patterns/regex_tree.h"
#include "tokenizer/patterns/text_pattern.h"

namespace embd {

// Any expression, matched by PCRE2 with what it calls a JIT where that is possible. Whatever the
// expression and the text, FindAll ends: it fails when it has taken a number of steps that is
// proportional to the text's length.
class Pcre2Pattern : public TextPattern {
 public:
  // `name` stands for the expression in messages. Throws RegexError when PCRE2 cannot have it.
  Pcre2Pattern(const RegexTree& tree, std::string name);
  ~Pcre2Pattern() override;
  Result<void> FindAll(std::string_view text, std::vector<ByteRange>& matches) const override;

 private:
  class Engine;
  std::unique_ptr<const Engine> engine_;
  std::string name_;
};

}  // namespace embd
