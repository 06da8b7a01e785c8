#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/server_info.h"
#include "app/options.h"
#include "base/cpu_topology.h"
#include "engine/scheduler.h"
#include "server/http/http_server.h"

namespace embd {

// What the model's files and its architecture say about lengths: of inputs and of answers.
struct LengthFacts {
  std::int64_t base_length = 0;      // longest input that the files allow
  std::int64_t max_positions = 0;    // position ids that exist; 0: unlimited
  std::int64_t position_offset = 0;  // the first position id in use
  std::int64_t row_length = 0;       // floats of the row that answers an input
};

// Every number of the running server, decided once.
struct Sizing {
  ServerInfo info;
  SchedulerOptions scheduler;
  http::HttpServerOptions http;
  std::vector<std::string> warnings;
};

// A pure function of what the operator said, what the model is and which CPUs there are.
// Throws LoadError when the model's inputs do not fit into --max-batch-tokens and may not be cut.
Sizing DecideSizing(const Options& options, const LengthFacts& lengths, const CpuGrant& cpus);

}  // namespace embd
