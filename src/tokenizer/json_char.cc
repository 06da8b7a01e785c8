#include "tokenizer/json_char.h"

#include <fmt/core.h>

#include "unicode/utf8.h"

namespace embd {

char32_t CharFromJson(const JsonValue& json) {
  const std::string_view text = json.String();
  if (unicode::CountChars(text) != 1) json.Fail("one character", fmt::format("\"{}\"", text));
  return unicode::DecodeValid(text.data()).scalar;
}

}  // namespace embd
