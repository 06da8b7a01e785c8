#include "app/sizing.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/version.h"
#include "base/load_error.h"

namespace embd {
namespace {

// Tokens of one worker's step: enough to keep the arithmetic busy (a few hundred rows a core reach
// the machine's peak), few enough that nobody waits long behind a step.
constexpr std::int64_t kStepTokens = 512;
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

}  // namespace

Sizing DecideSizing(const Options& options, const LengthFacts& lengths, int cores) {
  Sizing sizing;
  const std::int64_t longest = DecideMaxInputLength(options, lengths, sizing.warnings);
  const auto tokenizers =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(cores - 1, 1, kMostTokenizers));

  ServerInfo& info = sizing.info;
  info.model_id = options.model_id;
  info.model_sha = options.revision;
  info.served_model_name = options.served_model_name.value_or(options.model_id);
  info.max_concurrent_requests = options.max_concurrent_requests;
  info.max_input_length = static_cast<std::uint32_t>(longest);
  info.max_batch_tokens = options.max_batch_tokens;
  info.max_batch_requests = options.max_batch_requests;
  info.max_client_batch_size = options.max_client_batch_size;
  info.auto_truncate = options.auto_truncate;
  info.tokenization_workers = options.tokenization_workers.value_or(tokenizers);
  info.version = std::string(kVersion);

  SchedulerOptions& scheduler = sizing.scheduler;
  scheduler.workers = static_cast<int>(
      std::min<std::uint32_t>(options.threads.value_or(static_cast<std::uint32_t>(cores)), 4096));
  StepLimits& step = scheduler.step;
  step.max_tokens =
      std::min<std::int64_t>(std::max(kStepTokens, longest), options.max_batch_tokens);
  step.max_sequences = std::min<std::int64_t>(
      options.max_batch_requests.value_or(options.max_batch_tokens), step.max_tokens);
  step.max_sequence_tokens = longest;
  scheduler.queue_capacity = options.max_concurrent_requests;

  sizing.http.io_threads = std::clamp(cores / 4, 1, 4);
  sizing.http.payload_limit = options.payload_limit;
  sizing.http.api_key = options.api_key;
  sizing.http.cors_allow_origin = options.cors_allow_origin;
  sizing.http.buffer_budget = std::max(kLeastBufferBudget, kBodiesAtOnce * options.payload_limit);
  return sizing;
}

}  // namespace embd
