#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/embed.h"
#include "api/server_info.h"
#include "base/result.h"
#include "engine/cancellation.h"
#include "engine/scheduler.h"
#include "telemetry/metrics.h"
#include "tokenizer/tokenizer.h"

namespace embd {

struct ServiceOptions {
  ServerInfo info;
  std::map<std::string, std::string, std::less<>> prompts;
  std::string default_prompt;  // prepended to every text; empty: none
};

// The only door to the model, used alike by every protocol and by the command line. Validates,
// takes permits, tokenizes on its own threads, submits jobs and gathers their answers. Safe from
// any thread; no call blocks on tokenizing or on the model.
class Service {
 public:
  // The references must outlive the service. Starts info.tokenization_workers threads.
  Service(const Tokenizer& tokenizer, Scheduler& scheduler, Metrics& metrics,
          ServiceOptions options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Calls `done` exactly once, possibly before returning, otherwise on a tokenizer or compute
  // thread; it must not block. The first error in input order fails the whole request. Counts the
  // request in the metrics.
  void Embed(EmbedRequest request, Cancellation cancellation,
             std::function<void(Result<EmbedResponse>)> done);

  const ServerInfo& info() const;
  EngineHealth Health() const;
  const Metrics& metrics() const;

  // Bytes that tokenizer threads and queued requests may keep resident, for the memory plan.
  static std::size_t ResidentBytes(const ServerInfo& info);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd
