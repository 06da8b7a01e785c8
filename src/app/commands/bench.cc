#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <semaphore>

#include "app/commands/commands.h"
#include "app/commands/texts.h"
#include "app/core.h"
#include "app/version.h"
#include "base/load_error.h"
#include "base/log.h"
#include "base/system.h"

namespace embd {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// A mix of lengths from a query to a long paragraph, 8 to 200 words.
std::vector<std::string> BuiltInTexts() {
  constexpr const char* kWords[] = {"deep",  "learning", "is",     "a",    "river", "of",
                                    "small", "steps",    "toward", "some", "far",   "shore"};
  constexpr std::size_t kLengths[] = {8, 12, 16, 24, 32, 48, 64, 96, 128, 200};
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 40; ++i) {
    std::string text;
    for (std::size_t word = 0; word < kLengths[i % std::size(kLengths)]; ++word) {
      text += text.empty() ? "" : " ";
      text += kWords[(word * 7 + i) % std::size(kWords)];
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

// Counts answers; the first failure is kept. Used from the engine's threads.
class Tally {
 public:
  void Count(const Result<ComputeInfo>& result) {
    if (result.ok()) {
      tokens_ += result->tokens;
      ++texts_;
      return;
    }
    std::lock_guard lock(mutex_);
    if (first_error_.empty()) first_error_ = result.error().message;
  }

  void Check() const {
    std::lock_guard lock(mutex_);
    if (first_error_.empty()) return;
    throw LoadError({.path = "bench", .expected = {}, .found = first_error_, .hint = {}});
  }

  std::uint64_t texts() const { return texts_; }
  std::uint64_t tokens() const { return tokens_; }

 private:
  std::atomic<std::uint64_t> texts_{0};
  std::atomic<std::uint64_t> tokens_{0};
  mutable std::mutex mutex_;
  std::string first_error_;
};

template <typename Request>
Request RequestFor(const std::string& text) {
  Request request;
  request.inputs.emplace_back(text);
  request.truncate = true;
  return request;
}

// Asks for what the model is for.
template <typename Done>
void Ask(Service& service, const std::string& text, Done done) {
  const auto answered = [done](const auto& result) {
    done(result.ok() ? Result<ComputeInfo>(result->compute) : Result<ComputeInfo>(result.error()));
  };
  switch (TextUseOf(service.info())) {
    case TextUse::kEmbed:
      return service.Embed(RequestFor<EmbedRequest>(text), {}, answered);
    case TextUse::kEmbedSparse:
      return service.EmbedSparse(RequestFor<EmbedSparseRequest>(text), {}, answered);
    case TextUse::kPredict:
      return service.Predict(RequestFor<PredictRequest>(text), {}, answered);
  }
}

// Keeps `in_flight` requests going until `until` and waits for the last answer.
void Drive(Service& service, const std::vector<std::string>& texts, std::uint32_t in_flight,
           Clock::time_point until, Tally& tally) {
  std::counting_semaphore<> slots(in_flight);
  for (std::size_t next = 0; Clock::now() < until; ++next) {
    slots.acquire();
    Ask(service, texts[next % texts.size()], [&](const Result<ComputeInfo>& result) {
      tally.Count(result);
      slots.release();
    });
  }
  for (std::uint32_t i = 0; i < in_flight; ++i) slots.acquire();
}

struct Latency {
  double p50_ms = 0;
  double p99_ms = 0;
  std::size_t requests = 0;
};

Latency MeasureLatency(Service& service, const std::vector<std::string>& texts,
                       Clock::time_point until, Tally& tally) {
  std::vector<double> latencies_ms;
  std::binary_semaphore answered(0);
  for (std::size_t next = 0; Clock::now() < until || latencies_ms.empty(); ++next) {
    const Clock::time_point begin = Clock::now();
    Ask(service, texts[next % texts.size()], [&](const Result<ComputeInfo>& result) {
      tally.Count(result);
      answered.release();
    });
    answered.acquire();
    latencies_ms.push_back(Seconds(Clock::now() - begin).count() * 1e3);
  }
  std::sort(latencies_ms.begin(), latencies_ms.end());
  const auto at = [&](double share) {
    return latencies_ms[static_cast<std::size_t>(share *
                                                 static_cast<double>(latencies_ms.size() - 1))];
  };
  return {.p50_ms = at(0.5), .p99_ms = at(0.99), .requests = latencies_ms.size()};
}

struct Report {
  std::string model_id;
  std::string backend;
  int threads = 0;
  std::size_t texts = 0;
  double texts_per_second = 0;
  double tokens_per_second = 0;
  Latency latency;
  std::uint64_t resident_bytes = 0;
  std::vector<PhaseGauge> phases;
};

Report Measure(const Options& options, Core& core, const std::vector<std::string>& texts) {
  Service& service = core.service();
  const std::uint32_t in_flight =
      std::min(options.concurrency, core.sizing().info.max_concurrent_requests);
  const std::chrono::seconds length(options.seconds);

  Tally warm_up;
  Drive(service, texts, in_flight, Clock::now() + std::chrono::milliseconds(500), warm_up);
  warm_up.Check();

  Tally busy;
  const Clock::time_point begin = Clock::now();
  Drive(service, texts, in_flight, begin + length, busy);
  const double elapsed = Seconds(Clock::now() - begin).count();
  busy.Check();

  Tally quiet;
  Report report;
  report.latency = MeasureLatency(service, texts, Clock::now() + length, quiet);
  quiet.Check();
  report.model_id = options.model_id;
  report.backend = core.metrics().backend;
  report.threads = core.sizing().scheduler.workers;
  report.texts = texts.size();
  report.texts_per_second = static_cast<double>(busy.texts()) / elapsed;
  report.tokens_per_second = static_cast<double>(busy.tokens()) / elapsed;
  report.resident_bytes = ResidentBytes();
  return report;
}

std::string JsonString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20) {
      quoted += fmt::format("\\u{:04x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string AsJson(const Report& report) {
  std::string phases;
  for (const PhaseGauge& phase : report.phases) {
    phases += fmt::format("{}{}:{:.6f}", phases.empty() ? "" : ",", JsonString(phase.phase),
                          phase.seconds);
  }
  return fmt::format(R"({{"version":{},"model_id":{},"backend":{},"threads":{},"texts":{},)"
                     R"("texts_per_second":{:.2f},"tokens_per_second":{:.2f},)"
                     R"("latency_ms":{{"p50":{:.4f},"p99":{:.4f},"requests":{}}},)"
                     R"("resident_bytes":{},"startup_seconds":{{{}}}}})"
                     "\n",
                     JsonString(kVersion), JsonString(report.model_id), JsonString(report.backend),
                     report.threads, report.texts, report.texts_per_second,
                     report.tokens_per_second, report.latency.p50_ms, report.latency.p99_ms,
                     report.latency.requests, report.resident_bytes, phases);
}

std::string AsTable(const Report& report) {
  std::string table = fmt::format(
      "{} on {} with {} threads, {} texts\n\n"
      "  throughput    {:>10.1f} texts/s   {:>12.0f} tokens/s\n"
      "  one at a time {:>10.3f} ms p50    {:>12.3f} ms p99    ({} requests)\n"
      "  resident      {:>10.1f} MiB\n\nstart-up\n",
      report.model_id, report.backend, report.threads, report.texts, report.texts_per_second,
      report.tokens_per_second, report.latency.p50_ms, report.latency.p99_ms,
      report.latency.requests, static_cast<double>(report.resident_bytes) / (1 << 20));
  for (const PhaseGauge& phase : report.phases) {
    table += fmt::format("  {:<16}{:>8.1f} ms\n", phase.phase, phase.seconds * 1e3);
  }
  return table;
}

}  // namespace

int Bench(const Options& options, StartupClock& clock) {
  const std::vector<std::string> texts =
      options.input.empty() ? BuiltInTexts() : ReadTexts(options.input);
  // Standard output belongs to the report.
  Log log({.level = LogLevel::kOff});
  Core core(options, log, clock);
  Report report = Measure(options, core, texts);
  report.phases = clock.phases();
  const std::string text = options.json ? AsJson(report) : AsTable(report);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace embd
