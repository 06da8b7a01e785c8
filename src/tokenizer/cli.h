#pragma once

#include <iosfwd>

#include "base/result.h"
#include "tokenizer/encoding.h"
#include "tokenizer/tokenizer.h"

namespace embd {

// What the commands `embd tokenize` and `embd decode` do; the application reads their options.

// Reads one JSON value a line, a string or an array of two strings (a pair), and writes one JSON
// object a line: ids, type_ids, offsets (pairs of bytes), special_tokens_mask, tokens; or error,
// when the text cannot be encoded. Fails at the first line that is something else, having written
// what came before, and when `out` does; the message names the line.
Result<void> RunTokenize(const Tokenizer& tokenizer, const EncodeOptions& options, std::istream& in,
                         std::ostream& out);

// Reads one JSON array of ids a line, writes one JSON string a line. Fails likewise.
Result<void> RunDecode(const Tokenizer& tokenizer, bool skip_special_tokens, std::istream& in,
                       std::ostream& out);

}  // namespace embd
