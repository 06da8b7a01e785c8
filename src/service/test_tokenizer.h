#pragma once

#include <memory>

#include "tokenizer/tokenizer.h"

namespace embd::testing {

// A BERT tokenizer that knows the words w4 to w899 by their numbers, "poison", "nan" and "infinite"
// as the ids that TestModel stumbles over, and the special tokens [PAD] 0, [UNK] 1, [CLS] 2,
// [SEP] 3.
std::unique_ptr<const Tokenizer> MakeTestTokenizer();

}  // namespace embd::testing
