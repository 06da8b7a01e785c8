#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <iostream>

#include "app/commands/commands.h"
#include "tokenizer/cli.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

using Filter = std::function<Result<void>(const Tokenizer&, std::istream&, std::ostream&)>;

int RunFilter(const Options& options, Signals& signals, const Filter& filter) {
  signals.LeaveToSystem();
  const auto tokenizer = Tokenizer::Load(options.tokenizer);
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  const Result<void> done = filter(*tokenizer, std::cin, std::cout);
  if (done) return 0;
  fmt::print(stderr, "Error: {}\n", done.error().message);
  return 1;
}

}  // namespace

int Tokenize(const Options& options, Signals& signals) {
  const EncodeOptions encode = {
      .add_special_tokens = !options.no_special_tokens,
      .max_length = options.max_length,
      .truncation_side = options.truncate_left ? TruncationSide::kLeft : TruncationSide::kRight};
  return RunFilter(options, signals,
                   [&](const Tokenizer& tokenizer, std::istream& in, std::ostream& out) {
                     return RunTokenize(tokenizer, encode, in, out);
                   });
}

int Decode(const Options& options, Signals& signals) {
  return RunFilter(options, signals,
                   [&](const Tokenizer& tokenizer, std::istream& in, std::ostream& out) {
                     return RunDecode(tokenizer, !options.keep_special_tokens, in, out);
                   });
}

}  // namespace embd
