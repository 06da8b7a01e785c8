// Any bytes as a text for each tokenizer of tests/golden/tokenizer (run in the root of the
// repository): invalid UTF-8 is refused; otherwise offsets lie inside the text, asking for them
// does not change the ids, and truncation keeps its promise.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "unicode/utf8.h"

namespace {

using Tokenizers = std::vector<std::unique_ptr<const embd::Tokenizer>>;

const Tokenizers& All() {
  static const Tokenizers kAll = [] {
    Tokenizers all;
    for (const auto& entry : std::filesystem::directory_iterator("tests/golden/tokenizer")) {
      if (entry.path().extension() == ".json") all.push_back(embd::Tokenizer::Load(entry.path()));
    }
    return all;
  }();
  return kAll;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

void Check(const embd::Tokenizer& tokenizer, embd::Tokenizer::Scratch& scratch,
           std::string_view text) {
  embd::Encoding plain;
  const bool done = tokenizer.Encode(text, {}, scratch, plain).ok();
  Require(done || !embd::unicode::IsValid(text));
  if (!done) return;
  embd::Encoding detailed;
  Require(tokenizer.Encode(text, {.details = true}, scratch, detailed).ok());
  Require(plain.ids == detailed.ids);
  Require(detailed.offsets.size() == detailed.ids.size());
  for (const std::uint32_t id : detailed.ids) Require(id < tokenizer.id_bound());
  for (const embd::ByteRange& range : detailed.offsets) {
    Require(range.begin <= range.end && range.end <= text.size());
  }
  Require(tokenizer.Encode(text, {.max_length = 10}, scratch, plain).ok());
  Require(plain.ids.size() <= 10);
  static_cast<void>(tokenizer.Decode(detailed.ids, /*skip_special_tokens=*/true));
}

}  // namespace

// Here and not with the first input: loading takes seconds, and is not what an input's time limit
// is about.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  return All().empty() ? 1 : 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Tokenizers& tokenizers = All();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static std::vector<embd::Tokenizer::Scratch> scratches(tokenizers.size());
  for (std::size_t i = 0; i < tokenizers.size(); ++i) Check(*tokenizers[i], scratches[i], text);
  return 0;
}
