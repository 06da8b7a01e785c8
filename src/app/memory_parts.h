#pragma once

#include <cstddef>
#include <cstdint>

#include "app/memory_plan.h"
#include "app/options.h"
#include "app/sizing.h"
#include "kernels/backend.h"
#include "model/encoder.h"
#include "server/http/http_server.h"

namespace embd {

// What the plan needs to know of a model whose weights are not read yet.
struct MemoryInputs {
  const Sizing& sizing;  // what was decided with the operator's options
  const Architecture& architecture;
  const Backend& backend;
  WeightFootprint weights;
  std::uint64_t tokenizer_file_bytes = 0;
  LengthFacts lengths;
  CpuGrant cpus;
};

// The parts of resident memory with the given options, and whether they fit. Throws MemoryError.
MemoryPlan PlanMemory(const Options& options, const MemoryInputs& inputs, const MemoryLimit& limit);

// How many connections may be open at once without memory growing beyond the plan's limit: those
// that are in the plan and as many more as fit into what it leaves, up to options.max_connections.
std::size_t ConnectionsThatFit(const MemoryPlan& plan, const http::HttpServerOptions& options);

}  // namespace embd
