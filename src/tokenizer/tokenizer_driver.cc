// A command line around RunTokenize and RunDecode for the differential tests, which run it without
// the rest of the server: embd_tokenizer_driver tokenize|decode|bench FILE [--no-special-tokens]
// [--max-length N] [--left] [--keep-special-tokens].

#include <charconv>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/bench.h"
#include "tokenizer/cli.h"

int main(int argc, char** argv) {
  const std::vector<std::string_view> args(argv + 1, argv + argc);
  if (args.size() < 2) return 2;
  embd::EncodeOptions options;
  bool skip_special_tokens = true;
  for (std::size_t i = 2; i < args.size(); ++i) {
    if (args[i] == "--no-special-tokens") options.add_special_tokens = false;
    if (args[i] == "--left") options.truncation_side = embd::TruncationSide::kLeft;
    if (args[i] == "--keep-special-tokens") skip_special_tokens = false;
    if (args[i] == "--max-length" && ++i < args.size()) {
      std::from_chars(args[i].data(), args[i].data() + args[i].size(), options.max_length);
    }
  }
  std::ios::sync_with_stdio(false);
  try {
    const auto tokenizer = embd::Tokenizer::Load(args[1]);
    if (args[0] == "bench") {
      std::vector<std::string> texts;
      for (std::string line; std::getline(std::cin, line);) texts.push_back(line);
      const embd::TokenizerSpeed bench = embd::MeasureTokenizer(*tokenizer, texts, 1, 2.0);
      std::printf("%.1f MB/s, %.0f tokens/s\n", bench.mb_per_s, bench.tokens_per_s);
      return 0;
    }
    const embd::Result<void> done =
        args[0] == "decode" ? embd::RunDecode(*tokenizer, skip_special_tokens, std::cin, std::cout)
                            : embd::RunTokenize(*tokenizer, options, std::cin, std::cout);
    if (done) return 0;
    std::fprintf(stderr, "%s\n", done.error().message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
