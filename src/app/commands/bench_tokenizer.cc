#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/commands/commands.h"
#include "app/commands/texts.h"
#include "base/load_error.h"
#include "tokenizer/bench.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Loaded {
  std::unique_ptr<const Tokenizer> tokenizer;
  double first_load_ms = 0;  // in a process that has touched no memory for it yet
  double load_ms = 0;        // the median of several loads, the first among them
};

Loaded LoadRepeatedly(const std::string& path) {
  std::array<double, 5> loads_ms{};
  Loaded loaded;
  for (double& taken : loads_ms) {
    loaded.tokenizer.reset();
    const Clock::time_point begin = Clock::now();
    loaded.tokenizer = Tokenizer::Load(path);
    taken = Milliseconds(Clock::now() - begin).count();
  }
  loaded.first_load_ms = loads_ms.front();
  std::sort(loads_ms.begin(), loads_ms.end());
  loaded.load_ms = loads_ms[loads_ms.size() / 2];
  return loaded;
}

// A text that cannot be encoded would cost no time and count for nothing.
void CheckTexts(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                const std::string& path) {
  Tokenizer::Scratch scratch;
  Encoding encoding;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Result<void> done = tokenizer.Encode(texts[i], {}, scratch, encoding);
    if (done) continue;
    throw LoadError({.path = path,
                     .expected = "texts that the tokenizer can encode",
                     .found = fmt::format("text {}: {}", i + 1, done.error().message),
                     .hint = {}});
  }
}

}  // namespace

int BenchTokenizer(const Options& options) {
  const std::vector<std::string> texts = ReadTexts(options.input);
  const auto [tokenizer, first_load_ms, load_ms] = LoadRepeatedly(options.tokenizer);
  CheckTexts(*tokenizer, texts, options.input);
  const std::uintmax_t file_bytes = std::filesystem::file_size(options.tokenizer);
  const std::uint32_t threads = options.threads.value_or(1);
  const TokenizerSpeed speed =
      MeasureTokenizer(*tokenizer, texts, static_cast<int>(threads), options.seconds);
  if (options.json) {
    fmt::print(
        R"({{"mb_per_s":{:.3f},"tokens_per_s":{:.0f},"load_ms":{:.3f},)"
        R"("first_load_ms":{:.3f},"resident_bytes":{},"vocabulary_bytes":{},"file_bytes":{},)"
        R"("threads":{},"texts":{}}})"
        "\n",
        speed.mb_per_s, speed.tokens_per_s, load_ms, first_load_ms, tokenizer->resident_bytes(),
        tokenizer->vocabulary_bytes(), file_bytes, threads, texts.size());
  } else {
    fmt::print(
        "{} with {} threads, {} texts\n\n"
        "  encoding  {:>10.1f} MB/s   {:>12.0f} tokens/s\n"
        "  loading   {:>10.2f} ms     {:>12.2f} ms the first time\n"
        "  resident  {:>10.1f} MiB    {:>12.2f} times the vocabulary\n",
        options.tokenizer, threads, texts.size(), speed.mb_per_s, speed.tokens_per_s, load_ms,
        first_load_ms, static_cast<double>(tokenizer->resident_bytes()) / (1 << 20),
        static_cast<double>(tokenizer->resident_bytes()) /
            static_cast<double>(tokenizer->vocabulary_bytes()));
  }
  return 0;
}

}  // namespace embd
