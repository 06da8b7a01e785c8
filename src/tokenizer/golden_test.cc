// Compares with what the reference made of the texts in tests/golden/tokenizer; see
// tools/tokenizer_golden.py. Runs in the root of the repository.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

std::vector<std::string> GoldenNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/tokenizer")) {
    if (entry.path().extension() == ".jsonl") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

template <typename T>
std::vector<T> Numbers(simdjson::dom::element array) {
  std::vector<T> numbers;
  for (const simdjson::dom::element item : simdjson::dom::array(array)) {
    numbers.push_back(static_cast<T>(std::uint64_t(item)));
  }
  return numbers;
}

EncodeOptions OptionsOf(simdjson::dom::element line) {
  EncodeOptions options;
  options.details = true;
  bool special = true;
  if (line["add_special_tokens"].get(special) == simdjson::SUCCESS) {
    options.add_special_tokens = special;
  }
  std::uint64_t length = 0;
  if (line["max_length"].get(length) == simdjson::SUCCESS) {
    options.max_length = static_cast<std::uint32_t>(length);
  }
  if (line["truncation_side"].error() == simdjson::SUCCESS) {
    options.truncation_side = TruncationSide::kLeft;
  }
  return options;
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, EqualsTheReference) {
  const std::string path = "tests/golden/tokenizer/" + GetParam();
  const auto tokenizer = Tokenizer::Load(path + ".json");
  std::ifstream in(path + ".jsonl");
  std::string line;
  simdjson::dom::parser parser;
  Tokenizer::Scratch scratch;
  std::size_t cases = 0;
  for (; std::getline(in, line); ++cases) {
    const simdjson::dom::element expected = parser.parse(line);
    Encoding encoding;
    std::string_view text;
    if (expected["text"].get(text) == simdjson::SUCCESS) {
      ASSERT_TRUE(tokenizer->Encode(text, OptionsOf(expected), scratch, encoding)) << line;
    } else {
      ASSERT_TRUE(tokenizer->EncodePair(std::string_view(expected["pair"].at(0)),
                                        std::string_view(expected["pair"].at(1)),
                                        OptionsOf(expected), scratch, encoding))
          << line;
    }
    ASSERT_EQ(encoding.ids, Numbers<std::uint32_t>(expected["ids"])) << line;
    ASSERT_EQ(encoding.type_ids, Numbers<std::uint32_t>(expected["type_ids"])) << line;
    ASSERT_EQ(encoding.special_tokens_mask, Numbers<std::uint8_t>(expected["special_tokens_mask"]))
        << line;
    std::vector<ByteRange> offsets;
    for (const simdjson::dom::element range : simdjson::dom::array(expected["offsets"])) {
      const std::vector<std::uint32_t> ends = Numbers<std::uint32_t>(range);
      offsets.push_back({ends.at(0), ends.at(1)});
    }
    ASSERT_EQ(encoding.offsets, offsets) << line;
    ASSERT_EQ(tokenizer->Decode(encoding.ids, /*skip_special_tokens=*/false),
              std::string_view(expected["decoded"]))
        << line;
  }
  EXPECT_GT(cases, 50u);
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, ::testing::ValuesIn(GoldenNames()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace embd
