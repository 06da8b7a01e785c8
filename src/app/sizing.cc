#include "app/sizing.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/version.h"
#include "base/load_error.h"

namespace embd {
namespace {

// Tokens of one worker's step: enough to keep the arithmetic busy, and no more, since everyone
// waits behind a step. Measured: 32 tokens reach 97 % of the texts a second of any larger step, 64
// all.
constexpr std::int64_t kStepTokens = 128;
// What may be put in between the operations of a step: a query, not a paragraph.
constexpr std::int64_t kShortTokens = 64;
// Floats of all rows that a step answers with: sparse embeddings have a row as long as the
// vocabulary, and room for one of each token would take as much as a model. 2^20 are 34 texts of a
// BERT, more than 128 tokens usually make.
constexpr std::int64_t kStepRowFloats = std::int64_t{1} << 20;
// A worker that has run out of work looks around for so long, so that a client that asks one thing
// after another finds it awake.
constexpr std::chrono::microseconds kLookAround{100};
// Beyond it the lanes of a step spend more time meeting than computing.
constexpr int kMostLanes = 16;
constexpr std::uint32_t kMostThreads = 4096;
constexpr std::uint32_t kMostTokenizers = 64;
// Bodies that may be in memory at once, in units of the payload limit.
constexpr std::uint64_t kBodiesAtOnce = 4;
constexpr std::uint64_t kLeastBufferBudget = std::uint64_t{8} << 20U;

std::int64_t DecideMaxInputLength(const Options& options, const LengthFacts& lengths,
                                  std::vector<std::string>& warnings) {
  std::int64_t length = lengths.base_length;
  const std::int64_t positions = lengths.max_positions - lengths.position_offset;
  if (lengths.max_positions > 0 && length > positions) {
    warnings.push_back(fmt::format(
        "The model's files allow inputs of {} tokens but it has positions for {} only; longer ones "
        "count as too long",
        length, positions));
    length = positions;
  }
  if (length > options.max_batch_tokens) {
    if (!options.auto_truncate) {
      throw LoadError({.path = "--max-batch-tokens",
                       .expected = fmt::format("at least {}, the model's longest input", length),
                       .found = std::to_string(options.max_batch_tokens),
                       .hint = "raise it, or let long inputs be cut with --auto-truncate"});
    }
    warnings.push_back(
        fmt::format("The model takes inputs of {} tokens but --max-batch-tokens is {}; longer ones "
                    "count as too long",
                    length, options.max_batch_tokens));
    length = options.max_batch_tokens;
  }
  return length;
}

// Left alone, the system at times puts two threads that are woken together on one core, and a step
// then goes without the second. Pinned threads are not moved to a core that is free when theirs is
// not, though: so not where a quota takes cores away at any moment, and not where only some of the
// machine's cores are used and it is for the system to say which.
bool DecidePinning(const Options& options, const CpuGrant& cpus, int threads) {
  if (options.pin_threads) return *options.pin_threads;
  const int cores = static_cast<int>(cpus.cores.size());
  return !cpus.quota && (cpus.whole_machine ? threads == cores : threads <= cores);
}

SchedulerOptions DecideScheduler(const Options& options, std::int64_t longest,
                                 std::int64_t row_length, const CpuGrant& cpus) {
  SchedulerOptions scheduler;
  scheduler.workers = static_cast<int>(std::min<std::uint32_t>(
      options.threads.value_or(static_cast<std::uint32_t>(cpus.available_cores())), kMostThreads));
  StepLimits& step = scheduler.step;
  step.max_tokens =
      std::min<std::int64_t>(std::max(kStepTokens, longest), options.max_batch_tokens);
  step.max_sequences = std::min<std::int64_t>(
      options.max_batch_requests.value_or(options.max_batch_tokens), step.max_tokens);
  if (row_length > 0) {
    step.max_sequences = std::clamp<std::int64_t>(kStepRowFloats / row_length, 1,
                                                  std::max<std::int64_t>(step.max_sequences, 1));
  }
  step.max_sequence_tokens = longest;
  scheduler.step_tokens = std::min(kStepTokens, step.max_tokens);
  scheduler.short_tokens = std::min(kShortTokens, step.max_tokens);
  scheduler.most_lanes = std::min(scheduler.workers, kMostLanes);
  scheduler.look_around = kLookAround;
  if (DecidePinning(options, cpus, scheduler.workers)) scheduler.places = cpus.cores;
  scheduler.queue_capacity = options.max_concurrent_requests;
  return scheduler;
}

}  // namespace

Sizing DecideSizing(const Options& options, const LengthFacts& lengths, const CpuGrant& cpus) {
  Sizing sizing;
  const int cores = cpus.available_cpus();
  const std::int64_t longest = DecideMaxInputLength(options, lengths, sizing.warnings);
  const auto tokenizers =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(cores - 1, 1, kMostTokenizers));

  ServerInfo& info = sizing.info;
  info.model_id = options.model_id;
  info.model_sha = options.revision;
  info.served_model_name = options.served_model_name.value_or(options.model_id);
  info.default_similarity = options.task == kSimilarityTask;
  info.max_concurrent_requests = options.max_concurrent_requests;
  info.max_input_length = static_cast<std::uint32_t>(longest);
  info.max_batch_tokens = options.max_batch_tokens;
  info.max_batch_requests = options.max_batch_requests;
  info.max_client_batch_size = options.max_client_batch_size;
  info.auto_truncate = options.auto_truncate;
  info.tokenization_workers = options.tokenization_workers.value_or(tokenizers);
  info.version = std::string(kVersion);

  if (options.max_client_batch_size > options.max_concurrent_requests) {
    sizing.warnings.push_back(
        fmt::format("--max-client-batch-size is {} but each input takes one of the {} of "
                    "--max-concurrent-requests; requests of more inputs are always turned away",
                    options.max_client_batch_size, options.max_concurrent_requests));
  }

  sizing.scheduler = DecideScheduler(options, longest, lengths.row_length, cpus);

  sizing.http.io_threads = std::clamp(cores / 4, 1, 4);
  sizing.http.payload_limit = options.payload_limit;
  if (options.tls_cert && options.tls_key) {
    sizing.http.tls = http::TlsFiles{*options.tls_cert, *options.tls_key};
  }
  sizing.http.api_key = options.api_key;
  sizing.http.cors_allow_origin = options.cors_allow_origin;
  sizing.http.buffer_budget = std::max(kLeastBufferBudget, kBodiesAtOnce * options.payload_limit);
  return sizing;
}

}  // namespace embd
