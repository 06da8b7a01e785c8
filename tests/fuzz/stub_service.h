#pragma once

#include <chrono>
#include <cstdlib>
#include <memory>

#include "engine/test_model.h"
#include "server/http/http_server.h"
#include "service/service.h"

namespace embd::fuzz {

inline void Require(bool condition) {
  if (!condition) std::abort();
}

// A service whose model is a stub, with limits that short inputs can reach.
class StubService {
 public:
  Service& service() { return service_; }
  Metrics& metrics() { return metrics_; }
  Log& log() { return log_; }

  static http::HttpServerOptions HttpOptions() {
    http::HttpServerOptions options;
    options.payload_limit = 4096;
    options.buffer_budget = 65536;
    options.io_timeout = std::chrono::seconds(5);
    return options;
  }

 private:
  static ServiceOptions Limits() {
    ServiceOptions options;
    options.info.max_input_length = 64;
    return options;
  }

  std::unique_ptr<const Tokenizer> tokenizer_ =
      Tokenizer::Load("tests/golden/tokenizer/bert_uncased.json");
  testing::TestModel model_;
  Metrics metrics_{64};
  Log log_{{.level = LogLevel::kOff}};
  Scheduler scheduler_{model_,
                       {.workers = 1,
                        .step = {.max_tokens = 128, .max_sequences = 16, .max_sequence_tokens = 64},
                        .queue_capacity = 512},
                       metrics_};
  Service service_{*tokenizer_, scheduler_, metrics_, Limits()};
};

}  // namespace embd::fuzz
