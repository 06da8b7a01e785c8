#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/encoding.h"

namespace embd {

struct TokenizeRequest {
  std::vector<std::string> inputs;
  std::size_t inputs_beyond = 0;
  bool is_batch = false;
  bool add_special_tokens = true;
  std::optional<std::string> prompt_name;
};

struct SimpleToken {
  std::uint32_t id = 0;
  std::string text;
  bool special = false;
  std::optional<ByteRange> range;  // in the text; not of tokens that the tokenizer put in itself
};

struct TokenizeResponse {
  std::vector<std::vector<SimpleToken>> tokens;  // by input
};

struct DecodeRequest {
  std::vector<std::vector<std::uint32_t>> ids;
  std::size_t inputs_beyond = 0;
  bool is_batch = false;
  bool skip_special_tokens = true;
};

struct DecodeResponse {
  std::vector<std::string> texts;
};

}  // namespace embd
