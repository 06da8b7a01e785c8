#include "tokenizer/patterns/text_pattern.h"

#include <fmt/core.h>

#include <string>

#include "tokenizer/patterns/gpt_pattern.h"
#include "tokenizer/patterns/literal_pattern.h"
#include "tokenizer/patterns/pcre2_pattern.h"
#include "tokenizer/patterns/run_pattern.h"

namespace embd {

std::unique_ptr<TextPattern> TextPattern::ForExpression(std::string_view expression) {
  if (auto known = GptPattern::ForExpression(expression)) return known;
  const RegexTree tree = ParseRegex(expression);
  const std::string name = Quoted(expression);
  if (auto runs = RunPattern::ForTree(tree, name)) return runs;
  return std::make_unique<Pcre2Pattern>(tree, name);
}

std::unique_ptr<TextPattern> TextPattern::FromJson(const JsonValue& json) {
  if (const auto literal = json.Find("String")) {
    if (literal->String().empty()) literal->Fail("a string to look for", "\"\"");
    return std::make_unique<LiteralPattern>(std::string(literal->String()));
  }
  const JsonValue expression = json.Get("Regex");
  try {
    return ForExpression(expression.String());
  } catch (const RegexError& error) {
    expression.Fail("a regular expression that is supported",
                    fmt::format("{}: {}", Quoted(expression.String()), error.what()));
  }
}

}  // namespace embd
