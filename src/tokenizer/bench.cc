#include "tokenizer/bench.h"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace embd {
namespace {

using Clock = std::chrono::steady_clock;

// What one thread manages until `end`; each starts at another text.
TokenizerSpeed RunThread(const Tokenizer& tokenizer, std::span<const std::string> texts,
                         std::size_t at, Clock::time_point end) {
  Tokenizer::Scratch scratch;
  Encoding encoding;
  double bytes = 0;
  double tokens = 0;
  const Clock::time_point begin = Clock::now();
  Clock::time_point now = begin;
  for (; now < end; now = Clock::now()) {
    const std::string& text = texts[at++ % texts.size()];
    if (!tokenizer.Encode(text, {}, scratch, encoding)) continue;
    bytes += static_cast<double>(text.size());
    tokens += static_cast<double>(encoding.ids.size());
  }
  const double seconds = std::chrono::duration<double>(now - begin).count();
  return {bytes / 1e6 / seconds, tokens / seconds};
}

}  // namespace

TokenizerSpeed MeasureTokenizer(const Tokenizer& tokenizer, std::span<const std::string> texts,
                                int threads, double seconds) {
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  TokenizerSpeed result;
  std::mutex mutex;
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      const std::size_t first =
          texts.size() * static_cast<std::size_t>(i) / static_cast<std::size_t>(threads);
      const TokenizerSpeed speed = RunThread(tokenizer, texts, first, end);
      const std::lock_guard lock(mutex);
      result.mb_per_s += speed.mb_per_s;
      result.tokens_per_s += speed.tokens_per_s;
    });
  }
  workers.clear();
  return result;
}

}  // namespace embd
