#include "tokenizer/patterns/text_pattern.h"

#include <fmt/core.h>

#include "tokenizer/patterns/gpt_pattern.h"
#include "tokenizer/patterns/literal_pattern.h"

namespace embd {

std::unique_ptr<TextPattern> TextPattern::FromJson(const JsonValue& json) {
  if (const auto literal = json.Find("String")) {
    if (literal->String().empty()) literal->Fail("a string to look for", "\"\"");
    return std::make_unique<LiteralPattern>(std::string(literal->String()));
  }
  const JsonValue expression = json.Get("Regex");
  if (auto known = GptPattern::ForExpression(expression.String())) return known;
  expression.Fail("an expression that is supported", fmt::format("\"{}\"", expression.String()));
}

}  // namespace embd
