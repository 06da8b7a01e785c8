// Any bytes as a tokenizer.json: it is refused with LoadError or it works.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/load_error.h"
#include "tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = embd::Tokenizer::LoadText(json, "fuzz");
    embd::Tokenizer::Scratch scratch;
    embd::Encoding encoding;
    for (const std::string_view text :
         {"", "a [CLS] b", "\u00c9t\u00e9 \u4f60\u597d! \U0001f600"}) {
      if (!tokenizer->Encode(text, {.max_length = 9, .details = true}, scratch, encoding)) continue;
      static_cast<void>(tokenizer->Decode(encoding.ids, /*skip_special_tokens=*/false));
    }
  } catch (const embd::LoadError&) {
  }
  return 0;
}
