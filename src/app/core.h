#pragma once

#include <memory>

#include "app/memory_plan.h"
#include "app/options.h"
#include "app/sizing.h"
#include "app/startup_clock.h"
#include "base/log.h"
#include "engine/scheduler.h"
#include "kernels/backend.h"
#include "model/encoder.h"
#include "model/model.h"
#include "model/model_files.h"
#include "model/model_spec.h"
#include "model/weight_formats.h"
#include "model/weight_map.h"
#include "service/service.h"
#include "telemetry/metrics.h"
#include "tensor/safetensors.h"
#include "tokenizer/tokenizer.h"

namespace embd {

// A model, loaded and able to answer, without any protocol: what every command shares. The members
// stand in the order in which start-up makes them; each needs only those above it.
class Core {
 public:
  // Throws LoadError or MemoryError. No weights are loaded before the memory plan fits; for
  // int8 they are looked at, since the plan depends on them.
  Core(const Options& options, Log& log, StartupClock& clock);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  Service& service() { return service_; }
  Scheduler& scheduler() { return scheduler_; }
  Metrics& metrics() { return metrics_; }
  const Sizing& sizing() const { return sizing_; }
  const MemoryPlan& plan() const { return plan_; }

 private:
  struct Loaded {
    std::unique_ptr<const Tokenizer> tokenizer;
    std::unique_ptr<const Model> model;
  };
  MemoryPlan Plan(const Options& options, Log& log) const;
  Loaded Load(Log& log, StartupClock& clock) const;

  const ModelFiles files_;
  const ModelSpec spec_;
  const std::string default_prompt_;
  const CpuGrant cpus_;
  const std::unique_ptr<const Architecture> architecture_;
  const std::unique_ptr<const Backend> backend_;
  const Checkpoint checkpoint_;
  const WeightMap weights_;
  const WeightFormats formats_;
  const Sizing sizing_;
  const MemoryPlan plan_;
  const Loaded loaded_;
  Metrics metrics_;
  Scheduler scheduler_;
  Service service_;
};

}  // namespace embd
