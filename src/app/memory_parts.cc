#include "app/memory_parts.h"

#include <algorithm>

#include "engine/scheduler.h"
#include "model/model.h"
#include "server/http/http_server.h"
#include "service/service.h"
#include "tokenizer/tokenizer.h"

namespace embd {
namespace {

// Tables in memory for each byte of tokenizer.json: 1.6 measured for a WordPiece vocabulary of
// 30,000 tokens, 1.0 to 1.4 for others, and loading needs some beside them.
constexpr std::uint64_t kTokenizerBytesPerFileByte = 3;
// Measured at 8.5 MiB: the binary and its libraries, thread stacks, what the allocator keeps.
constexpr std::uint64_t kProgramBytes = std::uint64_t{9} << 20U;
// Connections that have their place in every plan. More are served where memory is left.
constexpr std::size_t kConnections = 1024;
// Inputs shorter than this are of no use to anyone.
constexpr std::uint64_t kLeastBatchTokens = 64;

// What would be decided with other settings.
Sizing Turned(Options options, const MemoryInputs& inputs, const MemoryKnobs& knobs) {
  options.threads = static_cast<std::uint32_t>(knobs.threads);
  options.max_batch_tokens = static_cast<std::uint32_t>(knobs.max_batch_tokens);
  options.max_concurrent_requests = static_cast<std::uint32_t>(knobs.max_concurrent_requests);
  Sizing sizing = DecideSizing(options, inputs.lengths, inputs.cpus);
  sizing.info.task = inputs.sizing.info.task;
  sizing.info.pooling = inputs.sizing.info.pooling;
  return sizing;
}

std::vector<MemoryPart> PartsOf(const Sizing& sizing, const MemoryInputs& inputs) {
  // A model without its network cannot run but knows what a step needs.
  const EncoderModel shape(
      {.architecture = inputs.architecture, .backend = inputs.backend, .network = {}});
  std::vector<MemoryPart> parts = {
      {"embedding tables (mapped)", inputs.weights.mapped_bytes},
      {"embedding tables", inputs.weights.copied_bytes},
      {"weights", inputs.weights.prepared_bytes},
      {"activations and scratch", Scheduler::ResidentBytes(shape, sizing.scheduler)},
      {"tokenizer", kTokenizerBytesPerFileByte * inputs.tokenizer_file_bytes +
                        sizing.info.tokenization_workers * Tokenizer::Scratch::FixedBytes()},
      {"queued requests", Service::ResidentBytes(sizing.info, shape.output_size())},
      {"HTTP buffers", http::HttpServer::ResidentBytes(sizing.http, kConnections)},
      {"program", kProgramBytes},
  };
  std::erase_if(parts, [](const MemoryPart& part) { return part.bytes == 0; });
  return parts;
}

}  // namespace

MemoryPlan PlanMemory(const Options& options, const MemoryInputs& inputs,
                      const MemoryLimit& limit) {
  const Sizing& sizing = inputs.sizing;
  const MemoryKnobs knobs = {
      .threads = static_cast<std::uint64_t>(sizing.scheduler.workers),
      .max_batch_tokens = options.max_batch_tokens,
      .max_concurrent_requests = options.max_concurrent_requests,
  };
  const std::uint64_t least_tokens =
      options.auto_truncate ? kLeastBatchTokens : sizing.info.max_input_length;
  const MemoryKnobs least = {
      .threads = 1,
      .max_batch_tokens = std::min(least_tokens, knobs.max_batch_tokens),
      .max_concurrent_requests = std::min<std::uint64_t>(1, knobs.max_concurrent_requests),
  };
  const auto parts_of = [&](const MemoryKnobs& turned) {
    return turned == knobs ? PartsOf(sizing, inputs)
                           : PartsOf(Turned(options, inputs, turned), inputs);
  };
  return MakeMemoryPlan(parts_of, knobs, least, limit);
}

std::size_t ConnectionsThatFit(const MemoryPlan& plan, const http::HttpServerOptions& options) {
  const std::uint64_t left = plan.fits() ? plan.limit.bytes - plan.total() : 0;
  const std::uint64_t more = left / http::HttpServer::ConnectionBytes(options);
  return std::min<std::uint64_t>(kConnections + more, options.max_connections);
}

}  // namespace embd
